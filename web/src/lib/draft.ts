// Editing a channel's day: values as whole numbers in the channel's decimal exponent, so that sums are exact. A draft says
// which intervals (named by their end) would get which value; every method refuses in words what it cannot do.
import type { VeeDay } from './api/types';
import { count } from './format';
import { epoch } from './time';

export interface Slot { time: number; raw: number | null; final: number | null; code: string; version: number; flags: string }
export type Draft = ReadonlyMap<number, number>;
export type Drafted = { draft: Draft; note: string } | { wrong: string };
/** Intervals that end in (from, to]. */
export interface Selection { from: number; to: number }

/** A decimal number of JSON as a whole number of 10^exponent. */
export function scaled(value: number | null, exponent: number): number | null {
  return value === null ? null : Math.round(value * 10 ** -exponent);
}

export function decimal(value: number, exponent: number): string {
  if (exponent >= 0) return String(value * 10 ** exponent);
  const digits = String(Math.abs(value)).padStart(1 - exponent, '0');
  return `${value < 0 ? '-' : ''}${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

/** What was typed, exactly; words where it is no number that the channel can hold. */
export function typed(text: string, exponent: number): { value: number } | { wrong: string } {
  const m = /^([-−]?)(\d{1,15})(?:[.,](\d*))?$/.exec(text.replaceAll(/[\s\u202f]/g, ''));
  if (!m) return { wrong: `“${text}” is no number` };
  const digits = (m[3] ?? '').replace(/0+$/, ''), places = Math.max(0, -exponent);
  if (digits.length > places) return { wrong: places ? `this channel has ${count(places, 'decimal')}` : 'this channel has no decimals' };
  const whole = Number(m[2]! + digits.padEnd(places, '0')) / (exponent > 0 ? 10 ** exponent : 1);
  if (!Number.isSafeInteger(whole)) return { wrong: exponent > 0 ? `this channel counts by ${10 ** exponent}` : 'too large' };
  return { value: m[1] ? -whole : whole };
}

export function slotsOf(day: Pick<VeeDay, 'values'>, exponent: number): Slot[] {
  return day.values.map((v) => ({
    time: epoch(v.time), raw: scaled(v.raw, exponent), final: scaled(v.final, exponent), code: v.code, version: v.version, flags: v.flags,
  }));
}

const inside = (slots: readonly Slot[], s: Selection) => slots.filter((v) => v.time > s.from && v.time <= s.to);
const now = (slot: Slot, draft: Draft) => draft.get(slot.time) ?? slot.final;
const put = (draft: Draft, values: Iterable<[number, number]>): Draft => new Map([...draft, ...values]);
const kNothing = { wrong: 'Choose the intervals first: drag over the chart, or set from and to.' };

/** On the straight line between the values before and after. */
export function linear(slots: readonly Slot[], draft: Draft, s: Selection): Drafted {
  const chosen = inside(slots, s), i = slots.indexOf(chosen[0]!);
  if (!chosen.length) return kNothing;
  const before = slots[i - 1], after = slots[i + chosen.length];
  const a = before ? now(before, draft) : null, b = after ? now(after, draft) : null;
  if (a === null) return { wrong: 'There is no value before the first interval to draw the line from.' };
  if (b === null) return { wrong: 'There is no value after the last interval to draw the line to.' };
  const n = chosen.length + 1;
  return { draft: put(draft, chosen.map((v, k) => [v.time, Math.round(a + ((b - a) * (k + 1)) / n)])), note: '' };
}

/** One value in each. */
export function flat(slots: readonly Slot[], draft: Draft, s: Selection, value: number): Drafted {
  const chosen = inside(slots, s);
  return chosen.length ? { draft: put(draft, chosen.map((v) => [v.time, value])), note: '' } : kNothing;
}

/** The final values of the same times of another day; a time that happens twice there is taken in order. */
export function copied(slots: readonly Slot[], draft: Draft, s: Selection, other: readonly Slot[], clock: (at: number) => string): Drafted {
  const chosen = inside(slots, s), there = new Map<string, number[]>();
  if (!chosen.length) return kNothing;
  for (const v of other) if (v.final !== null) there.set(clock(v.time), [...(there.get(clock(v.time)) ?? []), v.final]);
  const seen = new Map<string, number>(), values: [number, number][] = [];
  for (const v of slots) {
    const at = clock(v.time), times = seen.get(at) ?? 0, found = there.get(at);
    seen.set(at, times + 1);
    if (v.time > s.from && v.time <= s.to && found) values.push([v.time, found[Math.min(times, found.length - 1)]!]);
  }
  if (!values.length) return { wrong: 'That day has no value at these times.' };
  const lost = chosen.length - values.length;
  return { draft: put(draft, values), note: lost ? `That day has no value for ${lost} of them; they stay as they are.` : '' };
}

/** In the proportions they have, so that the day sums to the register's advance exactly (largest remainder). */
export function closed(slots: readonly Slot[], draft: Draft, s: Selection, advance: number | null): Drafted {
  const chosen = inside(slots, s);
  if (!chosen.length) return kNothing;
  if (advance === null) return { wrong: 'No register reading bounds this day.' };
  const rest = slots.filter((v) => !chosen.includes(v)).map((v) => now(v, draft));
  if (rest.includes(null)) return { wrong: 'Other intervals of the day have no value yet.' };
  const left = advance - rest.reduce((sum: number, v) => sum + v!, 0);
  if (left < 0) return { wrong: 'The other intervals alone exceed the register\'s advance.' };
  const weights = chosen.map((v) => Math.max(0, now(v, draft) ?? 0)), all = weights.reduce((a, b) => a + b, 0);
  const shares = weights.map((w) => (all > 0 ? (left * w) / all : left / chosen.length)), whole = shares.map(Math.floor);
  const order = shares.map((v, k) => [v - whole[k]!, k] as const).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const missing = left - whole.reduce((a, b) => a + b, 0);
  for (let k = 0; k < missing; k++) whole[order[k % order.length]![1]]!++;
  return { draft: put(draft, chosen.map((v, k) => [v.time, whole[k]!])), note: '' };
}

/** Without what is as it was. */
export function changed(slots: readonly Slot[], draft: Draft): [Slot, number][] {
  return slots.flatMap((v) => (draft.has(v.time) && draft.get(v.time) !== v.final ? [[v, draft.get(v.time)!] as [Slot, number]] : []));
}

export interface Impact { values: number; before: number; after: number; open: number; differs: number | null }

/** What a draft would do to the day. `differs`: its sum minus the register's advance, where both are whole. */
export function impact(slots: readonly Slot[], draft: Draft, advance: number | null): Impact {
  const sum = (pick: (v: Slot) => number | null) => slots.reduce((total, v) => total + (pick(v) ?? 0), 0);
  const after = sum((v) => now(v, draft)), open = slots.filter((v) => now(v, draft) === null).length;
  return { values: changed(slots, draft).length, before: sum((v) => v.final), after, open, differs: advance === null || open ? null : after - advance };
}

/** Intervals touched by a drag over the chart, and one more or one less at its end by keyboard. */
export function selectionOf(slots: readonly Slot[], from: number, to: number, step_s: number): Selection | null {
  const touched = slots.filter((v) => v.time > from && v.time - step_s < to);
  return touched.length ? { from: touched[0]!.time - step_s, to: touched.at(-1)!.time } : null;
}
