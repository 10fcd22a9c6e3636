import { describe, expect, it } from 'vitest';
import { areaOf, areaPatch, areaText, linked, patched, rangeOf, rangePatch, resolutionOf, sortOf, sortText, turned, zoomOf } from '$lib/url';

const now = Date.parse('2026-11-20T03:07:00Z') / 1000;

describe('state in the URL', () => {
  it('changes one thing and keeps the rest, in a fixed order', () => {
    const url = new URL('http://h/meters?q=smith&sort=-last_contact');
    expect(patched(url, { status: 'silent' })).toBe('/meters?q=smith&sort=-last_contact&status=silent');
    expect(patched(url, { q: null, sort: '' })).toBe('/meters');
    expect(patched(url, { q: 'a b&c' })).toBe('/meters?q=a+b%26c&sort=-last_contact');
  });

  it('carries the time range to other pages and nothing else', () => {
    const url = new URL('http://h/meters/7?t=24h&z=1,2&view=table');
    expect(linked(url, '/completeness', { group: 'feeder' })).toBe('/completeness?group=feeder&t=24h');
    expect(linked(url, '/meters?status=late')).toBe('/meters?status=late&t=24h');
    expect(linked(new URL('http://h/'), '/events')).toBe('/events');
  });

  it('carries the area among the pages it narrows, but not over a link with an area or a meter of its own', () => {
    const url = new URL('http://h/meters?segment=C-01&q=x&t=24h');
    expect(linked(url, '/events')).toBe('/events?segment=C-01&t=24h');
    expect(linked(url, '/meters/7')).toBe('/meters/7?segment=C-01&t=24h');
    expect(linked(url, '/')).toBe('/?t=24h');
    expect(linked(new URL('http://h/?segment=C-01'), '/events')).toBe('/events');
    expect(linked(url, '/meters', { transformer: 'T-9' })).toBe('/meters?t=24h&transformer=T-9');
    expect(linked(url, '/commands', { device: 7 })).toBe('/commands?device=7&t=24h');
    expect(patched(new URL('http://h/events?feeder=F-2&severity=high'), areaPatch('segment', 'direct'))).toBe('/events?segment=direct&severity=high');
    expect(areaOf(new URLSearchParams('segment=direct&model=&q=x'))).toEqual({ segment: 'direct' });
    expect(areaText(new URLSearchParams('segment=C-01&model=E2'))).toBe(' in segment C-01, model E2');
    expect(areaText(new URLSearchParams('q=x'))).toBe('');
  });

  it('reads ranges: presets follow the clock, absolute ones stand still, nonsense falls back', () => {
    const preset = rangeOf(new URLSearchParams('t=24h'), now);
    expect(preset).toMatchObject({ live: true, key: '24h', to: Date.parse('2026-11-20T03:15:00Z') / 1000 });
    expect(preset.to - preset.from).toBe(86_400);
    const fixed = rangeOf(new URLSearchParams('from=2026-10-03T00:00:00Z&to=2026-10-05T00:00:00Z'), now);
    expect(fixed).toMatchObject({ live: false, key: null, from: Date.parse('2026-10-03T00:00:00Z') / 1000 });
    for (const bad of ['from=x&to=y', 't=9000y', 'from=2026-10-05T00:00:00Z&to=2026-10-03T00:00:00Z']) {
      expect(rangeOf(new URLSearchParams(bad), now).key).toBe('3d');
    }
  });

  it('writes a range so that it reads back', () => {
    const href = patched(new URL('http://h/completeness?t=7d&z=1,2'), rangePatch(1_790_000_000, 1_790_086_400));
    const range = rangeOf(new URL(href, 'http://h').searchParams, now);
    expect([range.from, range.to]).toEqual([1_790_000_000, 1_790_086_400]);
    expect(href).not.toContain('z=');
  });

  it('reads zooms and refuses broken ones', () => {
    expect(zoomOf(new URLSearchParams('z=100,200'))).toEqual({ from: 100, to: 200 });
    for (const bad of ['', 'z=200,100', 'z=1', 'z=a,b', 'z=1,2,3']) expect(zoomOf(new URLSearchParams(bad))).toBeNull();
  });

  it('sorts by a column, then turns it round', () => {
    const first = turned(sortOf(null, 'serial'), 'last_contact', true);
    expect(sortText(first)).toBe('-last_contact');
    expect(sortText(turned(first, 'last_contact', true))).toBe('last_contact');
  });

  it('asks for no finer data than a screen shows', () => {
    expect([3, 15, 30, 120].map((days) => resolutionOf(0, days * 86_400))).toEqual(['raw', 'raw', 'hour', 'day']);
  });
});
