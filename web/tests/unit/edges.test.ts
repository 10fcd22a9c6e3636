import { describe, expect, it } from 'vitest';
import type { Edge } from '../../src/lib/api/types';
import { clockOff, size, troubles } from '../../src/lib/edges';
import { duration } from '../../src/lib/format';

const kFine: Edge = {
  device: 7, name: 'edge-1', connected: true, version: '0.1.0', target: 'x86_64-linux', configuration: 3, configuration_refusal: '', program_refusal: '',
  batches_waiting: 0, bytes_waiting: 0, batches_put_aside: 0, commands_waiting: 0, readings: 12, meters: 4, meters_failing: 0, resident_kib: 20_000,
};

describe('edges', () => {
  it('says how far a clock is off, and that a second is nothing', () => {
    expect(clockOff(-40, duration)).toBe('right');
    expect(clockOff(1999, duration)).toBe('right');
    expect(clockOff(3000, duration)).toBe('+3 s');
    expect(clockOff(-125_000, duration)).toBe('−2 min');
  });
  it('says sizes in the unit that suits', () => {
    expect([0, 1023, 1024, 3_565_158, 268_435_456].map(size)).toEqual(['0 B', '1023 B', '1.0 KiB', '3.4 MiB', '256 MiB']);
  });
  it('names what is wrong and nothing else', () => {
    expect(troubles(kFine)).toEqual([]);
    expect(troubles({ ...kFine, configuration_refusal: 'line 3: not known', batches_put_aside: 2, meters_failing: 1 })).toEqual([
      'The configuration that it was sent is not in use: line 3: not known',
      '1 of its 4 meters does not answer it',
      "2 batches could not be taken; the edge's events say why",
    ]);
  });
});
