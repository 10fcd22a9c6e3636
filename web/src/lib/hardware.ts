// What was done to a meter on the spot, from what is typed to what is told: its exchange, and other transformers. What cannot
// be is refused in words before it is sent; what only the server knows it refuses with its reason.
import { iso, type Zone } from './time';

export interface ExchangeDraft { installed: string; at: string; last: string; first: string }
export interface RatioDraft { ct: string; vt: string; at: string; reading: string }
interface Installed { serial: string; service_point: string }
export type Told<T> = { body: T; what: string } | { wrong: string };

const kRatio_max = 1_000_000, kAhead_s = 300;

function instantOf(text: string, zone: Zone, now: number): { at: number } | { wrong: string } {
  const at = zone.fromInput(text);
  if (at === null) return { wrong: 'Say when it was done.' };
  return at > now + kAhead_s ? { wrong: 'That lies in the future: it is told after it was done.' } : { at };
}

/** A register as a decimal text; words where it is none. Nothing typed is nothing told. */
function registerOf(text: string, which: string): { value: string | undefined } | { wrong: string } {
  const plain = text.replaceAll(/[\s\u202f]/g, '').replace(',', '.');
  if (plain === '') return { value: undefined };
  return /^\d{1,15}(\.\d{1,9})?$/.test(plain) ? { value: plain } : { wrong: `“${text}” is no reading of ${which}` };
}

function ratioOf(text: string, which: string): { value: number } | { wrong: string } {
  const value = /^\d{1,7}$/.test(text.trim()) ? Number(text) : NaN;
  return value >= 1 && value <= kRatio_max ? { value } : { wrong: `${which} is a whole number from 1 to ${kRatio_max.toLocaleString('en-US').replaceAll(',', '\u202f')}: 200/5 A is 40` };
}

export function exchangeOf(d: ExchangeDraft, meter: Installed, zone: Zone, now: number) {
  type Body = { service_point: string; removed: string; installed: string; at: string; last?: string; first?: string };
  const no = (wrong: string): Told<Body> => ({ wrong });
  const installed = d.installed.trim();
  if (!meter.service_point) return no('This meter hangs at no service point.');
  if (!installed) return no('Say which meter came: its serial number.');
  if (installed === meter.serial) return no('The meter that comes is the one that goes.');
  const when = instantOf(d.at, zone, now), last = registerOf(d.last, 'the old meter'), first = registerOf(d.first, 'the new meter');
  for (const part of [when, last, first]) if ('wrong' in part) return no(part.wrong);
  if (!('at' in when) || !('value' in last) || !('value' in first)) return no('');
  if ((last.value === undefined) !== (first.value === undefined)) return no('Give both registers, or neither: without them the interval of the exchange is estimated.');
  const body: Body = { service_point: meter.service_point, removed: meter.serial, installed, at: iso(when.at) };
  if (last.value !== undefined) body.last = last.value;
  if (first.value !== undefined) body.first = first.value;
  const told: Told<Body> = { body, what: `From ${zone.stamp(when.at)} on ${installed} is the meter of ${meter.service_point}. ${meter.serial} ends there for good.` };
  return told;
}

export function ratiosOf(d: RatioDraft, meter: Installed, zone: Zone, now: number) {
  type Body = { at: string; ct: number; vt: number; reading?: string };
  const no = (wrong: string): Told<Body> => ({ wrong });
  const ct = ratioOf(d.ct, 'The CT ratio'), vt = ratioOf(d.vt, 'The VT ratio'), when = instantOf(d.at, zone, now), reading = registerOf(d.reading, 'the register');
  for (const part of [ct, vt, when, reading]) if ('wrong' in part) return no(part.wrong);
  if (!('value' in ct) || !('value' in vt) || !('at' in when) || !('value' in reading)) return no('');
  const body: Body = { at: iso(when.at), ct: ct.value, vt: vt.value };
  if (reading.value !== undefined) body.reading = reading.value;
  const told: Told<Body> = { body, what: `From ${zone.stamp(when.at)} on what ${meter.serial} counts is multiplied by ${ct.value * vt.value}. Bills of that time are taken back and made anew; readings stay as they are.` };
  return told;
}
