// Calls to the server, typed by its description. Problems (RFC 9457) become ApiError; 401 tells the session that it is over.
import createClient from 'openapi-fetch';
import type { paths } from './schema';
import type { Completeness, Readings, Role, VirtualTerm } from './types';

export class ApiError extends Error {
  constructor(readonly status: number, readonly title: string, readonly detail: string, readonly retry_after_s: number | null = null) {
    super(detail || title);
  }
}

let csrf = '';
let onSignedOut: () => void = () => {};

export function setCsrf(token: string): void { csrf = token; }
export function whenSignedOut(f: () => void): void { onSignedOut = f; }

const client = createClient<paths>({ baseUrl: '/', credentials: 'same-origin' });
client.use({
  onRequest({ request }) {
    if (request.method !== 'GET' && csrf) request.headers.set('X-CSRF-Token', csrf);
  },
});

export type Query = Record<string, string | number | null | undefined>;

/** Without what is not set. The URL's words are checked by the server, so their types are asserted here. */
function asked(query: Query): never {
  return Object.fromEntries(Object.entries(query).filter(([, v]) => v !== null && v !== undefined && v !== '')) as never;
}

/** For what the browser fetches by itself: the stream, a download. */
export function urlOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams(asked(query) as Record<string, string>);
  return `/api/v1${path}${params.size ? `?${params}` : ''}`;
}

interface Answer<T> { data?: T; error?: unknown; response: Response }

async function take<T>(call: Promise<Answer<T>>, ends = true): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if ((error as Error).name === 'AbortError') throw error;
    throw new ApiError(0, 'No answer from the server', 'The connection failed; the server may be restarting.');
  }
  const { data, error, response } = answer;
  if (response.ok) return data as T;
  if (response.status === 401 && ends) onSignedOut();
  const problem = (typeof error === 'object' && error ? error : {}) as { title?: string; detail?: string };
  const retry = Number(response.headers.get('Retry-After'));
  throw new ApiError(response.status, problem.title ?? `HTTP ${response.status}`, problem.detail ?? '', retry > 0 ? retry : null);
}

const of = (id: string | number) => ({ id: Number(id) });
type Signal = AbortSignal | undefined;
const optional = (signal: Signal) => (signal ? { signal } : {});

/** What a meter's page sends by itself; supply is switched at the desk. */
export type Sendable = 'read_now' | 'ping' | 'set_clock';

export const api = {
  session: () => take(client.GET('/api/v1/session'), false),
  signIn: (user: string, password: string) => take(client.POST('/api/v1/session', { body: { user, password } }), false),
  signOut: () => take(client.DELETE('/api/v1/session')),
  system: (signal?: Signal) => take(client.GET('/api/v1/system', optional(signal))),
  overview: (signal?: Signal) => take(client.GET('/api/v1/overview', optional(signal))),
  completeness: (query: Query, signal?: Signal) =>
    take(client.GET('/api/v1/completeness', { params: { query: asked(query) }, ...optional(signal) })) as Promise<Completeness>,
  devices: (query: Query, signal?: Signal) => take(client.GET('/api/v1/devices', { params: { query: asked(query) }, ...optional(signal) })),
  device: (id: string | number, signal?: Signal) => take(client.GET('/api/v1/devices/{id}', { params: { path: of(id) }, ...optional(signal) })),
  readings: (id: string | number, query: Query, signal?: Signal) =>
    take(client.GET('/api/v1/devices/{id}/readings', { params: { path: of(id), query: asked(query) }, ...optional(signal) })) as Promise<Readings>,
  deviceEvents: (id: string | number, query: Query, signal?: Signal) =>
    take(client.GET('/api/v1/devices/{id}/events', { params: { path: of(id), query: asked(query) }, ...optional(signal) })),
  commands: (query: Query, signal?: Signal) => take(client.GET('/api/v1/commands', { params: { query: asked(query) }, ...optional(signal) })),
  command: (id: number, signal?: Signal) => take(client.GET('/api/v1/commands/{id}', { params: { path: of(id) }, ...optional(signal) })),
  send: (device: number, kind: Sendable, key: string) =>
    take(client.POST('/api/v1/devices/{id}/commands', { params: { path: of(device), header: { 'Idempotency-Key': key } }, body: { kind } })),
  events: (query: Query, signal?: Signal) => take(client.GET('/api/v1/events', { params: { query: asked(query) }, ...optional(signal) })),
  abnormal: (query: Query, signal?: Signal) => take(client.GET('/api/v1/abnormal', { params: { query: asked(query) }, ...optional(signal) })),
  missing: (signal?: Signal) => take(client.GET('/api/v1/missing', { params: { query: { group: 'segment' } }, ...optional(signal) })),
  segments: (signal?: Signal) => take(client.GET('/api/v1/segments', optional(signal))),
  veeQueue: (query: Query, signal?: Signal) => take(client.GET('/api/v1/vee/queue', { params: { query: asked(query) }, ...optional(signal) })),
  channelDays: (id: string | number, query: Query, signal?: Signal) =>
    take(client.GET('/api/v1/channels/{id}/days', { params: { path: of(id), query: asked(query) }, ...optional(signal) })),
  channelDay: (id: string | number, date: string, signal?: Signal) =>
    take(client.GET('/api/v1/channels/{id}/days/{date}', { params: { path: { id: Number(id), date } }, ...optional(signal) })),
  history: (id: string | number, query: Query, signal?: Signal) =>
    take(client.GET('/api/v1/channels/{id}/history', { params: { path: of(id), query: asked(query) }, ...optional(signal) })),
  edits: (query: Query, signal?: Signal) => take(client.GET('/api/v1/vee/edits', { params: { query: asked(query) }, ...optional(signal) })),
  edit: (id: number, signal?: Signal) => take(client.GET('/api/v1/vee/edits/{id}', { params: { path: of(id) }, ...optional(signal) })),
  propose: (body: { channel: number; values: { time: string; value: string }[]; reason: string }) => take(client.POST('/api/v1/vee/edits', { body })),
  accept: (body: { days: { channel: number; date: string }[]; reason: string }) => take(client.POST('/api/v1/vee/accept', { body })),
  rerun: (body: { channel: number; from: string; to: string; reason: string }) => take(client.POST('/api/v1/vee/rerun', { body })),
  undo: (body: { edit: number; reason: string }) => take(client.POST('/api/v1/vee/undo', { body })),
  approve: (id: number, comment: string) => take(client.POST('/api/v1/vee/edits/{id}/approve', { params: { path: of(id) }, body: { comment } })),
  reject: (id: number, comment: string) => take(client.POST('/api/v1/vee/edits/{id}/reject', { params: { path: of(id) }, body: { comment } })),
  accounts: (query: Query, signal?: Signal) => take(client.GET('/api/v1/billing/accounts', { params: { query: asked(query) }, ...optional(signal) })),
  account: (id: string | number, signal?: Signal) => take(client.GET('/api/v1/billing/accounts/{id}', { params: { path: of(id) }, ...optional(signal) })),
  statements: (query: Query, signal?: Signal) => take(client.GET('/api/v1/billing/statements', { params: { query: asked(query) }, ...optional(signal) })),
  statement: (number: string | number, signal?: Signal) =>
    take(client.GET('/api/v1/billing/statements/{number}', { params: { path: { number: Number(number) } }, ...optional(signal) })),
  billTrace: (number: string | number, line: string | number, signal?: Signal) =>
    take(client.GET('/api/v1/billing/statements/{number}/lines/{line}/intervals', { params: { path: { number: Number(number), line: Number(line) } }, ...optional(signal) })),
  held: (query: Query, signal?: Signal) => take(client.GET('/api/v1/billing/held', { params: { query: asked(query) }, ...optional(signal) })),
  billingRuns: (signal?: Signal) => take(client.GET('/api/v1/billing/runs', optional(signal))),
  runBilling: (body: { account?: number; again?: boolean }) => take(client.POST('/api/v1/billing/runs', { body })),
  balances: (query: Query, signal?: Signal) => take(client.GET('/api/v1/balances', { params: { query: asked(query) }, ...optional(signal) })),
  sums: (query: Query, signal?: Signal) => take(client.GET('/api/v1/balances/sums', { params: { query: asked(query) }, ...optional(signal) })),
  virtualMeters: (signal?: Signal) => take(client.GET('/api/v1/virtual-meters', optional(signal))),
  addVirtualMeter: (name: string, terms: VirtualTerm[]) => take(client.POST('/api/v1/virtual-meters', { body: { name, terms } })),
  changeVirtualMeter: (name: string, terms: VirtualTerm[]) =>
    take(client.PATCH('/api/v1/virtual-meters/{name}', { params: { path: { name } }, body: { terms } })),
  removeVirtualMeter: (name: string) => take(client.DELETE('/api/v1/virtual-meters/{name}', { params: { path: { name } } })),
  virtualReadings: (name: string, query: Query, signal?: Signal) =>
    take(client.GET('/api/v1/virtual-meters/{name}/readings', { params: { path: { name }, query: asked(query) }, ...optional(signal) })) as Promise<Readings>,
  ratios: (device: number, signal?: Signal) => take(client.GET('/api/v1/devices/{id}/ratios', { params: { path: of(device) }, ...optional(signal) })),
  changeRatios: (device: number, body: { at: string; ct: number; vt: number; reading?: string; reason: string }) =>
    take(client.POST('/api/v1/devices/{id}/ratios', { params: { path: of(device) }, body })),
  exchangeMeter: (body: { service_point: string; removed: string; installed: string; at: string; last?: string; first?: string; reason: string }) =>
    take(client.POST('/api/v1/meter-exchanges', { body })),
  users: (signal?: Signal) => take(client.GET('/api/v1/users', optional(signal))),
  addUser: (user: { name: string; password: string; role: Role }) => take(client.POST('/api/v1/users', { body: user })),
  changeUser: (name: string, patch: { role?: Role; disabled?: boolean }) =>
    take(client.PATCH('/api/v1/users/{name}', { params: { path: { name } }, body: patch })),
  edges: (signal?: Signal) => take(client.GET('/api/v1/edges', optional(signal))),
  retryEdge: (name: string) => take(client.POST('/api/v1/edges/{name}/retry', { params: { path: { name } } })),
  keys: (signal?: Signal) => take(client.GET('/api/v1/api-keys', optional(signal))),
  addKey: (name: string, role: Role) => take(client.POST('/api/v1/api-keys', { body: { name, role } })),
  removeKey: (id: string) => take(client.DELETE('/api/v1/api-keys/{id}', { params: { path: { id } } })),
};
