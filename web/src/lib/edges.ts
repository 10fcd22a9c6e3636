// What of an edge is worth a person's look, in words.
import type { Edge } from './api/types';

const kClockOff_ms = 2000;

/** "+3 s", "−2 min"; a clock that is right to a second or two is right. */
export function clockOff(offset_ms: number, duration: (seconds: number) => string): string {
  if (Math.abs(offset_ms) < kClockOff_ms) return 'right';
  return `${offset_ms < 0 ? '−' : '+'}${duration(offset_ms / 1000)}`;
}

/** Bytes as "12 KiB", "3.4 MiB". */
export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes, at = 0;
  for (; value >= 1024 && at < units.length - 1; ++at) value /= 1024;
  return `${at === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}

export function troubles(edge: Edge): string[] {
  const all: string[] = [];
  if (edge.configuration_refusal) all.push(`The configuration that it was sent is not in use: ${edge.configuration_refusal}`);
  if (edge.program_refusal) all.push(`The program that it was offered is not in use: ${edge.program_refusal}`);
  if (edge.meters_failing) all.push(`${edge.meters_failing} of its ${edge.meters} meters ${edge.meters_failing === 1 ? 'does' : 'do'} not answer it`);
  if (edge.batches_put_aside) all.push(`${edge.batches_put_aside === 1 ? 'A batch' : `${edge.batches_put_aside} batches`} could not be taken; the edge's events say why`);
  return all;
}
