// Bills in words: money as the server reckons it (exact decimals), never as a float.
import type { BillHold, BillTrace, Series, StatementLine, StatementRow } from './api/types';
import { count } from './format';
import { epoch } from './time';

/** "−1234.50" with thin spaces, as it was sent: no rounding here. */
export function money(amount: string, currency = ''): string {
  const negative = amount.startsWith('-');
  const [whole = '0', fraction] = amount.replace('-', '').split('.');
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, '\u202f') : whole;
  return `${negative ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}${currency ? ` ${currency}` : ''}`;
}

export function periodText(row: { first_day: string; last_day: string }): string {
  return row.first_day === row.last_day ? row.first_day : `${row.first_day} to ${row.last_day}`;
}

export function kindText(row: Pick<StatementRow, 'kind' | 'reverses'>): string {
  return row.kind === 'reversal' ? `takes back ${row.reverses}` : 'statement';
}

/** What holds a bill, the shortest way: the first reason, and how many more. */
export function holdText(hold: Pick<BillHold, 'reasons'>): string {
  const more = hold.reasons.length - 1;
  return `${hold.reasons[0] ?? 'no reason was kept'}${more > 0 ? ` (and ${count(more, 'more reason')})` : ''}`;
}

/** The intervals of a line as a band of the time axis. */
export function bandOf(trace: BillTrace): Series {
  return {
    channel: trace.channel, name: trace.channel_name, unit: trace.unit, interval_s: trace.interval_s, kind: 'interval', missing: 0,
    estimated: trace.values.filter((v) => v.code.startsWith('E')).length,
    points: trace.values.map((v) => [epoch(v.time ?? ''), v.value, v.code.startsWith('E') ? 'E' : v.code.startsWith('F') ? 'F' : 'A']),
  } as Series;
}

/** Where the intervals of a line come from, in words. */
export function traceText(line: Pick<StatementLine, 'trace'>): string {
  const t = line.trace;
  return t ? `${count(t.intervals, 'interval')} of ${t.channel_name}, ${money(t.sum)} ${t.unit}` : 'not made of intervals';
}
