// Numbers and durations as they are shown: tabular, thin-space thousands, words under a day.

const kThin = '\u202f';

export function number(value: number | null | undefined, decimals?: number): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const text = decimals === undefined ? plain(value) : Math.abs(value).toFixed(decimals);
  const [whole = '', fraction] = text.split('.');
  const grouped = whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, kThin) : whole;
  const zero = Number(text) === 0;
  return `${value < 0 && !zero ? '−' : ''}${grouped}${fraction ? `.${fraction}` : ''}`;
}

function plain(value: number): string {
  const text = Math.abs(value).toString();
  return text.includes('e') ? Math.abs(value).toFixed(6).replace(/\.?0+$/, '') : text;
}

/** A share as a percentage that never rounds up to full: 0.9999 is 99.9, not 100.0. */
export function percent(share: number | null | undefined, decimals = 1): string {
  if (share === null || share === undefined) return '–';
  const scale = 10 ** decimals;
  const floored = Math.floor(share * 100 * scale + 1e-9) / scale;
  return number(floored, share >= 1 ? 0 : decimals);
}

/** "3 min", "2 h", "5 d". */
export function duration(seconds: number): string {
  const s = Math.abs(Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.round(s / 60)} min`;
  if (s < 86_400) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86_400)} d`;
}

export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** Rates and figures of unknown size: three digits. */
export function brief(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  return number(value, size >= 100 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
}

/** A rate in the unit of time that makes it at least one: "0.4 a second" is 24 a minute. */
export function rate(per_s: number): { value: string; per: 's' | 'min' | 'h' } {
  const per_min = per_s * 60;
  if (per_s === 0 || per_s >= 1) return { value: brief(per_s), per: 's' };
  return per_min >= 1 ? { value: brief(per_min), per: 'min' } : { value: brief(per_s * 3600), per: 'h' };
}

export function words(code: string): string {
  return code.replaceAll('_', ' ');
}

export function decimalsOf(exponent: number | undefined): number {
  return Math.max(0, -(exponent ?? 0));
}
