// Validated days and edits in words.
import type { Edit, State, VeeDayRow, VeeState } from './api/types';
import { count, number, words } from './format';

export const kStates: readonly VeeState[] = ['waiting', 'estimated', 'failed'];
/** Days the server accepts in one step. */
export const kAccept_max = 1000;

export const stateMarks: Record<VeeState, State> = { clean: 'normal', waiting: 'p3', estimated: 'normal', failed: 'p2', accepted: 'normal' };
export const stateWords: Record<VeeState, string> = {
  clean: 'Nothing to look at.', waiting: 'Intervals are missing and the meter is asked again.', estimated: 'Intervals are estimated.',
  failed: 'A rule fails, or nothing could be estimated.', accepted: 'Accepted as it is.',
};

/** How the day's sum stands to the register. */
export function closureText(day: Pick<VeeDayRow, 'closure' | 'total' | 'register_advance' | 'unit'>): string {
  const off = day.register_advance === null ? 0 : Number((day.total - day.register_advance).toPrecision(12));
  switch (day.closure) {
    case 'exact': return 'equals the register';
    case 'tolerated': return `within tolerance: ${off > 0 ? '+' : ''}${number(off)} ${day.unit}`;
    case 'differs': return `differs by ${off > 0 ? '+' : ''}${number(off)} ${day.unit} from the register`;
    case 'open': return 'not whole yet';
    case 'unbounded': return 'no register reading bounds it';
  }
}

/** The worst outcome and the rules that are broken: "fail: count, run". */
export function findingText(row: { worst: string; rules: readonly string[] }): string {
  return row.rules.length ? `${row.worst}: ${row.rules.map(words).join(', ')}` : row.worst;
}

export interface Bulk { days: number; meters: number; estimated: number; open: number; failed: number; at_stake: { unit: string; amount: number }[] }

/** What accepting these days would do, in figures. */
export function bulkOf(rows: readonly Pick<VeeDayRow, 'device' | 'unit' | 'at_stake' | 'estimated' | 'open' | 'state'>[]): Bulk {
  const stake = new Map<string, number>();
  for (const r of rows) stake.set(r.unit, (stake.get(r.unit) ?? 0) + r.at_stake);
  const sum = (pick: (r: (typeof rows)[number]) => number) => rows.reduce((n, r) => n + pick(r), 0);
  return {
    days: rows.length, meters: new Set(rows.map((r) => r.device)).size, estimated: sum((r) => r.estimated), open: sum((r) => r.open),
    failed: sum((r) => Number(r.state === 'failed')), at_stake: [...stake].map(([unit, amount]) => ({ unit, amount: Number(amount.toPrecision(12)) })),
  };
}

export function bulkText(b: Bulk): string {
  const parts = [
    `${count(b.estimated, 'estimated interval')}`, b.open ? `${count(b.open, 'interval')} without a value` : '', b.failed ? `${count(b.failed, 'day')} that failed` : '',
    b.at_stake.map((s) => `${number(s.amount)} ${s.unit}`).join(', ') + ' at stake',
  ];
  return `${count(b.days, 'channel-day')} of ${count(b.meters, 'meter')}: ${parts.filter(Boolean).join(', ')}. Their values stay; the days leave the queue.`;
}

/** What an edit does and to how much. */
export function editText(edit: Pick<Edit, 'kind' | 'days' | 'intervals' | 'undoes'>): string {
  const days = count(edit.days.length, 'channel-day');
  switch (edit.kind) {
    case 'values': return `change ${count(edit.intervals, 'value')} by hand`;
    case 'accept': return `accept ${days} as ${edit.days.length === 1 ? 'it is' : 'they are'}`;
    case 'rerun': return `validate and estimate ${days} again`;
    case 'undo': return `undo edit ${edit.undoes ?? ''}`;
  }
}

export const editMarks: Record<Edit['state'], State> = { proposed: 'p3', approved: 'normal', applied: 'normal', rejected: 'normal' };
export const editWords: Record<Edit['state'], string> = { proposed: 'waits for approval', approved: 'approved', applied: 'applied', rejected: 'rejected' };

/** The rules of validation, in their order, and the classes that rules are set for. */
export const kRules = ['identity', 'clock', 'count', 'status', 'negative', 'ceiling', 'sum', 'spike', 'jump', 'run', 'high_low', 'peak', 'power_factor', 'register', 'prolonged'] as const;
export const kClasses = ['residential', 'commercial', 'industrial'] as const;
