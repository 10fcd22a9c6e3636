// Which rows of fixed height are in view, and which of a fixed pool of elements shows each of them: an element is never
// made or moved while scrolling, only filled with another row.

export interface Window { first: number; pool: number }

const kAhead_rows = 10;

export function windowOf(top_px: number, height_px: number, row_px: number, count: number): Window {
  const seen = Math.ceil(height_px / row_px) + 1;
  const pool = Math.min(count, seen + 2 * kAhead_rows);
  const first = Math.floor(top_px / row_px) - kAhead_rows;
  return { first: Math.max(0, Math.min(first, count - pool)), pool };
}

/** The row each element of the pool shows: the one of the window that is congruent to its place. */
export function slots({ first, pool }: Window): number[] {
  return Array.from({ length: pool }, (_, slot) => first + ((((slot - first) % pool) + pool) % pool));
}

/** Where to scroll so that a row is wholly in view; the same place if it is. */
export function scrolledTo(row: number, top_px: number, height_px: number, row_px: number): number {
  if (row * row_px < top_px) return row * row_px;
  return Math.max(top_px, (row + 1) * row_px - height_px);
}
