import { describe, expect, it } from 'vitest';
import { codeOf, codeText, isMade } from '$lib/quality';
import type { Series } from '$lib/api/types';
import { bulkOf, bulkText, closureText, editText } from '$lib/vee';

const row = (patch = {}) => ({ device: 1, unit: 'Wh', at_stake: 10.1, estimated: 2, open: 0, state: 'estimated' as const, ...patch });

describe('data quality in words', () => {
  it('says what accepting does, by unit', () => {
    const bulk = bulkOf([row(), row({ device: 2, at_stake: 0.2, state: 'failed' }), row({ unit: 'm3', open: 3 })]);
    expect(bulk).toEqual({ days: 3, meters: 2, estimated: 6, open: 3, failed: 1, at_stake: [{ unit: 'Wh', amount: 10.3 }, { unit: 'm3', amount: 10.1 }] });
    expect(bulkText(bulk)).toBe('3 channel-days of 2 meters: 6 estimated intervals, 3 intervals without a value, 1 day that failed, 10.3 Wh, 10.1 m3 at stake. Their values stay; the days leave the queue.');
  });

  it('names codes with their method', () => {
    expect([codeText('A'), codeText('E15'), codeText('F16'), codeText('E99'), codeText('?')]).toEqual(['actual', 'estimated: average of like days', 'edited: agreed', 'estimated: method 99', '?']);
    expect(['A', 'E15', 'F', 'N'].map(isMade)).toEqual([false, true, true, false]);
    const series = { codes: [[900, 'E15', 1]] } as unknown as Series;
    expect([codeOf(series, [900, 1, 'E']), codeOf(series, [1800, 1, 'A']), codeOf({}, [900, 1, 'S'])]).toEqual(['E15', 'A', 'S']);
  });

  it('says how the day stands to its register', () => {
    const day = { closure: 'differs' as const, total: 10.3, register_advance: 10.2, unit: 'kWh' };
    expect(closureText(day)).toBe('differs by +0.1 kWh from the register');
    expect(closureText({ ...day, closure: 'unbounded', register_advance: null })).toBe('no register reading bounds it');
  });

  it('says what an edit does', () => {
    const days = [{ channel: 1, date: '2026-11-18' }];
    expect(editText({ kind: 'values', days, intervals: 4, undoes: null })).toBe('change 4 values by hand');
    expect(editText({ kind: 'accept', days, intervals: 0, undoes: null })).toBe('accept 1 channel-day as it is');
    expect(editText({ kind: 'undo', days, intervals: 0, undoes: 7 })).toBe('undo edit 7');
  });
});
