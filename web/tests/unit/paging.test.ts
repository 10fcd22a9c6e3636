import { describe, expect, it, vi } from 'vitest';
import { Paging, type Fetch } from '$lib/paging';

const tick = () => new Promise((resolve) => setTimeout(resolve, 0));
const numbers = (total: number, page: number): Fetch<number> => (cursor) => {
  const from = Number(cursor ?? 0), items = Array.from({ length: Math.min(page, total - from) }, (_, i) => from + i);
  return Promise.resolve({ items, next: from + page < total ? String(from + page) : null });
};

describe('rows by cursor', () => {
  it('walks to the end, each row once', async () => {
    const paging = new Paging<number>(() => {});
    paging.ask(numbers(1234, 100));
    for (let i = 0; i < 30; i++) { await tick(); paging.more(); }
    expect(paging.state).toBe('done');
    expect(paging.rows).toEqual(Array.from({ length: 1234 }, (_, i) => i));
  });

  it('asks for one page at a time', async () => {
    let asked = 0;
    const paging = new Paging<number>(() => {});
    paging.ask((cursor, signal) => { asked++; return numbers(500, 100)(cursor, signal); });
    await tick();
    paging.more(); paging.more(); paging.more();
    await tick();
    expect(asked).toBe(2);
    expect(paging.rows.length).toBe(200);
  });

  it('drops the answer to a question no longer asked, and aborts its request', async () => {
    let late: (page: { items: number[]; next: null }) => void = () => {};
    let aborted = false;
    const paging = new Paging<number>(() => {});
    paging.ask((_, signal) => new Promise((resolve) => { late = resolve; signal.addEventListener('abort', () => { aborted = true; }); }));
    paging.ask(numbers(3, 10));
    await tick();
    late({ items: [99], next: null });
    await tick();
    expect(aborted).toBe(true);
    expect(paging.rows).toEqual([0, 1, 2]);
  });

  it('keeps old rows until the new ones are here', async () => {
    const paging = new Paging<number>(() => {});
    paging.ask(numbers(5, 10));
    await tick();
    paging.ask(() => new Promise(() => {}));
    expect(paging.rows.length).toBe(5);
    expect(paging.state).toBe('loading');
  });

  it('waits for the typist', async () => {
    vi.useFakeTimers();
    let asked = '';
    const paging = new Paging<number>(() => {});
    for (const text of ['a', 'ab', 'abc']) paging.ask((cursor, signal) => { asked += `${text};`; return numbers(1, 1)(cursor, signal); }, 20);
    await vi.advanceTimersByTimeAsync(19);
    expect(asked).toBe('');
    await vi.advanceTimersByTimeAsync(1);
    expect(asked).toBe('abc;');
    vi.useRealTimers();
  });

  it('says that a page failed and takes it up again where it was', async () => {
    let fail = false;
    const source = numbers(300, 100);
    const paging = new Paging<number>(() => {});
    paging.ask((cursor, signal) => (fail ? Promise.reject(new Error('down')) : source(cursor, signal)));
    await tick();
    fail = true;
    paging.more();
    await tick();
    expect(paging.state).toBe('error');
    expect(paging.rows.length).toBe(100);
    fail = false;
    paging.retry();
    await tick();
    expect(paging.rows.length).toBe(200);
  });
});
