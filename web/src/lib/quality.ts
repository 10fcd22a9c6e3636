// Quality letters and NEM12 method codes in words, and the final values' codes of a series.
import type { Point, Series } from './api/types';

const kLetters: Record<string, string> = {
  A: 'actual', P: 'pending: not validated yet', E: 'estimated', F: 'edited', S: 'suspect: the meter doubts its clock or the value', M: 'part of it missing', N: 'no value',
};
const kMethods: Record<string, string> = {
  11: 'from a check meter', 12: 'calculated', 13: 'from SCADA', 14: 'like day', 15: 'average of like days', 16: 'agreed', 17: 'linear between its neighbours',
  18: 'alternate method', 19: 'zero, without supply', 20: 'prospective like day', 22: 'prospective average', 23: 'previous year', 24: 'scaled to the register',
  25: 'average daily load',
};

/** "E15": estimated: average of like days. */
export function codeText(code: string): string {
  const letter = kLetters[code.slice(0, 1)];
  if (!letter) return code;
  const method = code.slice(1);
  return method ? `${letter}: ${kMethods[method] ?? `method ${method}`}` : letter;
}

const codes = new WeakMap<object, Map<number, string>>();

/** The code of a point: of a final view also its method. */
export function codeOf(series: Pick<Series, 'codes'>, point: Point): string {
  const list = series.codes as readonly [number, string, number][] | undefined;
  if (!list) return point[2];
  let known = codes.get(list);
  if (!known) codes.set(list, (known = new Map(list.map(([at, code]) => [at, code]))));
  return known.get(point[0]) ?? point[2];
}

/** Why a value is not the meter's own, or nothing. */
export function isMade(code: string): boolean { return code.startsWith('E') || code.startsWith('F'); }
