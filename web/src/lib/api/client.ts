// Calls to the server. Problems (RFC 9457) become ApiError; 401 tells the session that it is over.
import type * as T from './types';

export class ApiError extends Error {
  constructor(readonly status: number, readonly title: string, readonly detail: string, readonly retry_after_s: number | null = null) {
    super(detail || title);
  }
}

const kBase = '/api/v1';
let csrf = '';
let onSignedOut: () => void = () => {};

export function setCsrf(token: string): void { csrf = token; }
export function whenSignedOut(f: () => void): void { onSignedOut = f; }

type Query = Record<string, string | number | boolean | null | undefined>;
interface Options { query?: Query; body?: unknown; signal?: AbortSignal; headers?: Record<string, string> }

export function urlOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(key, String(value));
  }
  const text = params.toString();
  return kBase + path + (text ? `?${text}` : '');
}

async function request<R>(method: string, path: string, options: Options = {}): Promise<R> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf;
  let response: Response;
  try {
    response = await fetch(urlOf(path, options.query), {
      method, headers, signal: options.signal ?? null, credentials: 'same-origin',
      body: options.body === undefined ? null : JSON.stringify(options.body),
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, 'No answer from the server', 'The connection failed; the server may be restarting.');
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as R;
  const problem = await response.json().catch(() => ({})) as { title?: string; detail?: string };
  if (response.status === 401 && path !== '/session') onSignedOut();
  const retry = Number(response.headers.get('Retry-After'));
  throw new ApiError(response.status, problem.title ?? `HTTP ${response.status}`, problem.detail ?? '', retry > 0 ? retry : null);
}

const get = <R>(path: string, query?: Query, signal?: AbortSignal) =>
  request<R>('GET', path, { ...(query && { query }), ...(signal && { signal }) });

export const api = {
  session: () => get<T.Session>('/session'),
  signIn: (user: string, password: string) => request<T.Session>('POST', '/session', { body: { user, password } }),
  signOut: () => request<void>('DELETE', '/session'),
  system: (signal?: AbortSignal) => get<T.System>('/system', {}, signal),
  overview: (signal?: AbortSignal) => get<T.Overview>('/overview', {}, signal),
  completeness: (query: Query, signal?: AbortSignal) => get<T.Completeness>('/completeness', query, signal),
  devices: (query: Query, signal?: AbortSignal) => get<T.Items<T.DeviceRow>>('/devices', query, signal),
  device: (id: string | number, signal?: AbortSignal) => get<T.Device>(`/devices/${id}`, {}, signal),
  readings: (id: string | number, query: Query, signal?: AbortSignal) => get<T.Readings>(`/devices/${id}/readings`, query, signal),
  deviceEvents: (id: string | number, query: Query, signal?: AbortSignal) =>
    get<T.Items<T.Event>>(`/devices/${id}/events`, query, signal),
  commands: (query: Query, signal?: AbortSignal) => get<T.Items<T.Command>>('/commands', query, signal),
  command: (id: number) => get<T.Command>(`/commands/${id}`),
  send: (device: number, kind: string, key: string) =>
    request<T.Command>('POST', `/devices/${device}/commands`, { body: { kind }, headers: { 'Idempotency-Key': key } }),
  events: (query: Query, signal?: AbortSignal) => get<T.Items<T.Event>>('/events', query, signal),
  abnormal: (query: Query, signal?: AbortSignal) => get<T.Items<T.Abnormal>>('/abnormal', query, signal),
  missing: (signal?: AbortSignal) => get<T.Items<T.Missing>>('/missing', { group: 'segment' }, signal),
  segments: (signal?: AbortSignal) => get<T.Items<T.Segment>>('/segments', {}, signal),
  users: (signal?: AbortSignal) => get<T.Items<T.User>>('/users', {}, signal),
  addUser: (user: { name: string; password: string; role: string }) => request<T.User>('POST', '/users', { body: user }),
  changeUser: (name: string, patch: Record<string, unknown>) =>
    request<T.User>('PATCH', `/users/${encodeURIComponent(name)}`, { body: patch }),
  keys: (signal?: AbortSignal) => get<T.Items<T.ApiKey>>('/api-keys', {}, signal),
  addKey: (name: string, role: string) => request<T.ApiKey>('POST', '/api-keys', { body: { name, role } }),
  removeKey: (id: string) => request<void>('DELETE', `/api-keys/${encodeURIComponent(id)}`),
};
