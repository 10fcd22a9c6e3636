// A stand-in for `amity serve`, for working on the page and for its tests: the HTTP interface over made-up data, and the
// built page with the security headers of the real server.  node mock/server.mjs [port]
import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as world from './data.mjs';
import { Bills } from './bills.mjs';
import { Desk } from './desk.mjs';
import { Vee } from './vee.mjs';
import { abnormal, balances, completeness, inArea, overview, search, segments, sums, virtualMeters } from './views.mjs';

const kDist = process.env.DIST ? join(process.env.DIST, '/') : new URL('../dist/', import.meta.url).pathname;
const kCsp = "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
const kTypes = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
export const kUsers = { admin: ['admin', 'amity-demo'], engineer: ['engineer', 'amity-demo'], operator: ['operator', 'amity-demo'], viewer: ['viewer', 'amity-demo'] };

class Problem extends Error {
  constructor(status, title, detail = '') { super(detail); Object.assign(this, { status, title, detail }); }
}

export function startMock({ port = 0, quiet = true } = {}) {
  const devices = world.makeDevices();
  const sessions = new Map(), streams = new Set(), started = world.now();
  const users = Object.entries(kUsers).map(([name, [role]]) => ({ name, role, disabled: false, created: world.iso(started - 9e6), last_seen: null }));
  const keys = [{ id: 'k1', name: 'billing export', role: 'viewer', created: world.iso(started - 4e6), last_used: world.iso(started - 4000) }];
  const edge = (n, more) => ({
    device: n, name: `edge-${n}`, connected: true, version: '0.1.0-0000000', target: 'x86_64-linux', configuration: 3, configuration_refusal: '', program_refusal: '', batches_waiting: 0,
    bytes_waiting: 0, batches_put_aside: 0, commands_waiting: 0, readings: 4200 * n, meters: 12, meters_failing: 0, resident_kib: 21_000, clock_offset_ms: 40, ...more,
  });
  const edges = [
    edge(1), edge(2, { configuration_refusal: 'edge-2.toml line 3, column 1: "speed" is not known', batches_put_aside: 2, clock_offset_ms: -95_000 }),
    edge(3, { connected: false, last_seen: world.iso(started - 7500), batches_waiting: 310, bytes_waiting: 3_565_158, commands_waiting: 1, meters_failing: 2 }),
    edge(4, { connected: false, version: '', target: '', configuration: 0, readings: 0, meters: 0, resident_kib: 0, clock_offset_ms: undefined }),
  ];
  let sequence = 1000, total = 0;
  const history = [];
  const emit = (event, data, device = null) => {
    const line = { id: ++sequence, event, data, device };
    if (event !== 'arrivals') { history.push(line); if (history.length > 500) history.shift(); }
    for (const s of streams) if (device === null || s.device === device) s.write(line);
  };
  const desk = new Desk(devices, emit);
  const vee = new Vee(devices, emit, (...said) => new Problem(...said));
  const bills = new Bills(devices, (...said) => new Problem(...said));

  const deviceOf = (id) => devices[Number(id) - 1] ?? (() => { throw new Problem(404, 'Not Found', `There is no meter ${id}.`); })();
  const span = (q) => [Date.parse(q.get('from')) / 1000, Date.parse(q.get('to')) / 1000];
  const items = (list) => ({ items: list, next: null });
  const limit = (q) => Math.min(500, Number(q.get('limit') ?? 100));

  function whole(device) {
    const at = world.now(), bad = device.status === 'silent' || device.status === 'late';
    const since = device.last_contact, i = device.id - 1, first = Math.floor(i / 40) * 40;
    return {
      ...device, firmware: '2.4.1', link: `dlms+tcp://127.16.${(device.id >> 8) & 255}.${device.id & 255}:4059?client=1&server=1`,
      latitude: -33.8 - world.chance(i, 70) / 4, longitude: 151 + world.chance(i, 71) / 4, commissioned: world.iso(started - 4e7), interval_s: 900, rating: null,
      channels: world.channelsOf(device.id).map(({ n, ...c }) => ({ ...c, first: world.iso(started - 4e7), last: device.last_reading, last_value: device.last_reading ? world.valueOf(device.id, n, Math.floor(at / 900) * 900) : null })),
      status_strip: [
        { key: 'communication', word: { ok: 'heard', late: 'late', silent: 'silent', security: 'refused', new: 'never heard' }[device.status], since, state: bad ? 'p2' : device.status === 'security' ? 'p1' : 'normal' },
        { key: 'supply', word: 'on', since: world.iso(Math.floor(at / 86_400) * 86_400 - 17.25 * 3600), state: 'normal' },
        { key: 'relay', word: 'connected', since: world.iso(started - 3e7), state: 'normal' },
        { key: 'data_quality', word: device.completeness_24h === 1 ? 'complete' : 'incomplete', since: world.iso(at - 5000), state: device.completeness_24h === 1 ? 'normal' : 'p3' },
        { key: 'clock', word: Math.abs(device.clock_offset_s ?? 0) > 30 ? 'off' : 'true', since: null, state: Math.abs(device.clock_offset_s ?? 0) > 30 ? 'p3' : 'normal' },
        { key: 'security', word: device.status === 'security' ? 'counter replayed' : 'suite 0, in order', since: null, state: device.status === 'security' ? 'p1' : 'normal' },
      ],
      neighbours: devices.slice(first, first + 40).filter((d) => d.id !== device.id).map(({ id, serial, status }) => ({ id, serial, status })),
      facts: world.eventsOf(device, at - 6 * 86_400, at).slice(0, 8).map((e) => ({ time: e.time, text: `${e.text[0].toUpperCase()}${e.text.slice(1)}.` })), relay: 'connected',
    };
  }

  function exported(id, q, response) {
    const device = deviceOf(id), [from, to] = span(q), rows = [];
    for (const c of world.channelsOf(device.id)) for (const [at, value, letter] of world.seriesOf(device.id, c, from, to, 'raw').points) rows.push({ channel: c.name, unit: c.unit, value: String(value), quality: letter, utc: world.iso(at) });
    const csv = q.get('format') === 'csv';
    response.writeHead(200, { 'Content-Type': csv ? 'text/csv' : 'application/jsonl', 'Content-Disposition': `attachment; filename="${device.serial}.${csv ? 'csv' : 'jsonl'}"` });
    response.end(csv ? ['channel,unit,value,quality,utc', ...rows.map((r) => Object.values(r).join(','))].join('\n') : rows.map((r) => JSON.stringify(r)).join('\n'));
  }

  function stream(q, request, response) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const device = Number(q.get('device')) || null;
    const self = { device, write: ({ id, event, data }) => response.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`) };
    const after = Number(request.headers['last-event-id'] ?? q.get('after')) || sequence;
    for (const line of history) if (line.id > after && (line.device === null || line.device === device)) self.write(line);
    response.write('retry: 2000\n\n');
    streams.add(self);
    request.on('close', () => streams.delete(self));
  }

  function seriesOf(device, from, to, resolution, view) {
    const all = world.channelsOf(device).map((c) => world.seriesOf(device, c, from, to, resolution));
    return view === 'final' ? all.filter((s) => s.kind === 'interval').map((s) => vee.final(s.channel, s)) : all;
  }

  const engineerAlone = (session) => { if (session.role !== 'engineer' && session.role !== 'admin') throw new Problem(403, 'Forbidden', 'Virtual meters need the role engineer.'); };
  const ratios = new Map();
  const hardwareAlone = (session) => { if (session.role !== 'engineer' && session.role !== 'admin') throw new Problem(403, 'Forbidden', 'This needs the role engineer.'); };
  const virtualMeter = (id) => virtualMeters.find((m) => m.name === id) ?? (() => { throw new Problem(404, 'Not Found', `there is no virtual meter '${id}'`); })();
  const routes = [
    ...vee.routes(inArea),
    ...bills.routes(),
    ['GET', /^\/balances$/, ({ q }) => balances(devices, q)],
    ['GET', /^\/balances\/sums$/, ({ q }) => sums(q)],
    ['GET', /^\/virtual-meters$/, () => items(virtualMeters)],
    ['POST', /^\/virtual-meters$/, ({ body, session, response }) => {
      engineerAlone(session);
      if (virtualMeters.some((m) => m.name === body.name)) throw new Problem(409, 'Conflict', `there is a virtual meter '${body.name}'`);
      const unknown = body.terms.find((t) => t.serial && !devices.some((d) => d.serial === t.serial));
      if (unknown) throw new Problem(400, 'Bad Request', `'${body.name}': there is no meter '${unknown.serial}'`);
      response.statusCode = 201;
      virtualMeters.push({ name: body.name, unit: 'Wh', fixed: false, terms: body.terms });
      return virtualMeters.at(-1);
    }],
    ['PATCH', /^\/virtual-meters\/([^/]+)$/, ({ id, body, session }) => { engineerAlone(session); return Object.assign(virtualMeter(id), { terms: body.terms }); }],
    ['DELETE', /^\/virtual-meters\/([^/]+)$/, ({ id, session, response }) => { engineerAlone(session); virtualMeters.splice(virtualMeters.indexOf(virtualMeter(id)), 1); response.writeHead(204).end(); }],
    ['GET', /^\/virtual-meters\/([^/]+)\/readings$/, ({ id, q }) => {
      const [from, to] = span(q), resolution = q.get('resolution') ?? 'raw', meter = virtualMeter(id), one = seriesOf(1, from, to, resolution, 'raw').find((s) => s.kind === 'interval');
      return { device: 0, from: q.get('from'), to: q.get('to'), resolution, series: [{ ...one, channel: 0, name: meter.name }] };
    }],
    ['GET', /^\/session$/, ({ session }) => session],
    ['DELETE', /^\/session$/, ({ token, response }) => { sessions.delete(token); response.writeHead(204).end(); }],
    ['GET', /^\/system$/, () => ({
      utility: 'Coastal Electric', zone: world.kZone, version: '0.1.0', commit: '0000000000', now: world.iso(world.now()), started: world.iso(started), demo: true,
      counts: { devices: devices.length, channels: devices.length * 6, service_points: devices.length, transformers: Math.ceil(devices.length / 40), feeders: Math.ceil(devices.length / 2000) },
    })],
    ['GET', /^\/overview$/, () => overview(devices)],
    ['GET', /^\/completeness$/, ({ q }) => completeness(devices, q, ...span(q))],
    ['GET', /^\/segments$/, () => items(segments(devices))],
    ['GET', /^\/missing$/, () => ({ since: world.iso(started - 8 * 86_400), items: [['cell-07', 'meter_silent', 871, 83_616], ['cell-07', 'link_refused', 12, 1104], ['cell-18', 'profile_gap', 64, 512], ['cell-29', 'clock_invalid', 9, 36]].map(([segment, cause, d, intervals]) => ({ segment, cause, devices: d, intervals })) })],
    ['GET', /^\/devices$/, ({ q }) => search(devices, q, () => { throw new Problem(400, 'Bad Request', 'Unknown sort.'); })],
    ['GET', /^\/devices\/(\d+)$/, ({ id }) => whole(deviceOf(id))],
    ['GET', /^\/devices\/(\d+)\/readings$/, ({ id, q }) => {
      const [from, to] = span(q), device = deviceOf(id).id, resolution = q.get('resolution') ?? 'raw';
      return { device, from: q.get('from'), to: q.get('to'), resolution, series: seriesOf(device, from, to, resolution, q.get('view')) };
    }],
    ['GET', /^\/devices\/(\d+)\/events$/, ({ id, q }) => items(world.eventsOf(deviceOf(id), ...span(q)).slice(0, limit(q)))],
    ['GET', /^\/devices\/(\d+)\/export$/, ({ id, q, response }) => exported(id, q, response)],
    ['GET', /^\/devices\/(\d+)\/ratios$/, ({ id }) => {
      const told = ratios.get(deviceOf(id).id) ?? [], newest = told[0];
      return { items: told, channels: world.channelsOf(Number(id)).map(({ id: channel, name }) => ({ id: channel, name, multiplier: newest && name.startsWith('import') ? newest.ct * newest.vt : 1 })) };
    }],
    ['POST', /^\/devices\/(\d+)\/ratios$/, ({ id, body, session, response }) => {
      hardwareAlone(session);
      const told = ratios.get(deviceOf(id).id) ?? [], one = { at: body.at, ct: body.ct ?? 1, vt: body.vt ?? 1, reason: body.reason, who: session.user };
      ratios.set(Number(id), [{ number: told.length + 1, ...one, told: world.iso(world.now()), counts: true }, ...told.map((t) => ({ ...t, counts: t.counts && t.at !== body.at }))]);
      response.statusCode = 201;
      return one;
    }],
    ['POST', /^\/meter-exchanges$/, ({ body, session, response }) => {
      hardwareAlone(session);
      const of = (serial) => devices.find((d) => d.serial === serial) ?? (() => { throw new Problem(404, 'Not Found', `there is no meter ${serial}`); })();
      const removed = of(body.removed), installed = of(body.installed);
      if (installed.service_point && installed.service_point !== body.service_point) throw new Problem(409, 'Conflict', `meter ${installed.serial} hangs at another service point`);
      response.statusCode = 201;
      return { removed: removed.id, installed: installed.id, at: body.at };
    }],
    ['POST', /^\/devices\/(\d+)\/commands$/, ({ id, body, session, response }) => {
      if (session.role === 'viewer') throw new Problem(403, 'Forbidden', 'Commands need the role operator.');
      response.statusCode = 202;
      return desk.send(deviceOf(id), body.kind, session.user);
    }],
    ['GET', /^\/commands$/, ({ q }) => items(inArea(devices, q, desk.list(q.get('device'))).slice(0, limit(q)))],
    ['GET', /^\/commands\/(\d+)$/, ({ id }) => desk.find(Number(id)) ?? (() => { throw new Problem(404, 'Not Found'); })()],
    ['GET', /^\/events$/, ({ q }) => {
      const at = Math.floor(world.now() / 60) * 60;
      return items(inArea(devices, q, Array.from({ length: 600 }, (_, i) => world.anyEvent(devices, at - i * 47))).filter((e) => !q.get('severity') || e.severity === q.get('severity')).slice(0, limit(q)));
    }],
    ['GET', /^\/abnormal$/, ({ q }) => abnormal(devices, q)],
    ['GET', /^\/edges$/, () => items(edges.map((e) => ({ ...e, ...(e.connected ? { last_seen: world.iso(world.now() - 4) } : {}) })))],
    ['POST', /^\/edges\/([^/]+)\/retry$/, ({ id, session }) => {
      engineerAlone(session);
      const edge = edges.find((e) => e.name === id);
      if (!edge) throw new Problem(404, 'Not Found', `no edge is registered as "${id}"`);
      const taken = edge.batches_put_aside;
      edge.batches_put_aside = 0;
      return { taken, left: 0 };
    }],
    ['GET', /^\/users$/, ({ session }) => { if (session.role !== 'admin') throw new Problem(403, 'Forbidden'); return items(users); }],
    ['POST', /^\/users$/, ({ body }) => { const user = { name: body.name, role: body.role, disabled: false, created: world.iso(world.now()), last_seen: null }; users.push(user); return user; }],
    ['PATCH', /^\/users\/(.+)$/, ({ id, body }) => { const { password: _password, ...rest } = body; return Object.assign(users.find((u) => u.name === id), rest); }],
    ['GET', /^\/api-keys$/, ({ session }) => { if (session.role !== 'admin') throw new Problem(403, 'Forbidden'); return items(keys); }],
    ['POST', /^\/api-keys$/, ({ body }) => { const key = { id: `k${keys.length + 1}`, name: body.name, role: body.role, created: world.iso(world.now()), last_used: null }; keys.push(key); return { ...key, secret: `amity_${key.id}_mock` }; }],
    ['DELETE', /^\/api-keys\/(.+)$/, ({ id, response }) => { keys.splice(keys.findIndex((k) => k.id === id), 1); response.writeHead(204).end(); }],
    ['GET', /^\/stream$/, ({ q, request, response }) => stream(q, request, response)],
  ];

  async function answer(request, response, url) {
    const path = url.pathname.slice('/api/v1'.length), token = /amity=(\w+)/.exec(request.headers.cookie ?? '')?.[1];
    let body = null;
    if (request.method !== 'GET') {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      if (chunks.length) body = JSON.parse(Buffer.concat(chunks).toString());
    }
    if (request.method === 'POST' && path === '/session') {
      const user = kUsers[body.user];
      if (!user || user[1] !== body.password) throw new Problem(401, 'Unauthorized', 'User and password do not match.');
      const fresh = `s${Math.random().toString(36).slice(2)}`;
      sessions.set(fresh, { user: body.user, role: user[0], csrf: `c${fresh}` });
      response.setHeader('Set-Cookie', `amity=${fresh}; HttpOnly; SameSite=Strict; Path=/`);
      return sessions.get(fresh);
    }
    const session = sessions.get(token);
    if (!session) throw new Problem(401, 'Unauthorized', 'Sign in first.');
    if (request.method !== 'GET' && request.headers['x-csrf-token'] !== session.csrf) throw new Problem(403, 'Forbidden', 'CSRF token missing.');
    for (const [method, pattern, handler] of routes) {
      const match = method === request.method && pattern.exec(path);
      if (match) return handler({ id: match[1] && decodeURIComponent(match[1]), rest: match[2], q: url.searchParams, body, session, token, request, response });
    }
    throw new Problem(404, 'Not Found', `${request.method} ${path}`);
  }

  function serveFile(url, response) {
    let file = join(kDist, normalize(url.pathname));
    if (!file.startsWith(kDist) || !existsSync(file) || statSync(file).isDirectory()) {
      if (url.pathname.split('/').at(-1).includes('.')) { response.writeHead(404).end(); return; }
      file = join(kDist, 'index.html');
    }
    response.writeHead(200, { 'Content-Type': kTypes[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': kCsp, 'X-Content-Type-Options': 'nosniff' });
    response.end(readFileSync(file));
  }

  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://x');
    if (!quiet) console.error(request.method, request.url);
    if (!url.pathname.startsWith('/api/')) { serveFile(url, response); return; }
    Promise.resolve(answer(request, response, url)).then(
      (data) => {
        if (data === undefined || response.writableEnded || response.headersSent) return;
        response.setHeader('Content-Type', 'application/json');
        response.end(JSON.stringify(data));
      },
      (error) => {
        const status = error.status ?? 500;
        if (status === 500) console.error(error);
        response.writeHead(status, { 'Content-Type': 'application/problem+json' });
        response.end(JSON.stringify({ type: 'about:blank', title: error.title ?? 'Internal error', status, detail: error.detail ?? String(error) }));
      },
    );
  });
  const timer = setInterval(() => {
    const per_s = Math.round(900 + 500 * Math.sin(Date.now() / 9000) + world.chance(world.now(), 1) * 200);
    emit('arrivals', { readings: per_s, meters: Math.round(per_s / 24), per_s, total: (total += per_s) });
    if (world.now() % 3 === 0) emit('event', world.anyEvent(devices, world.now()));
    if (world.now() % 2 === 0) emit('overview', overview(devices));
  }, 1000);
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve({
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { clearInterval(timer); server.closeAllConnections(); server.close(); },
  })));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const mock = await startMock({ port: Number(process.argv[2] ?? 8080), quiet: false });
  console.log(`${mock.url}  users: ${Object.keys(kUsers).join(', ')}; password amity-demo`);
}
