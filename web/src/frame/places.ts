// The pages there are, in rail order.
export interface Place { path: string; word: string; short?: string; icon: string; key: string }

export const kPlaces: readonly Place[] = [
  { path: '/', word: 'Overview', icon: 'overview', key: 'o' },
  { path: '/meters', word: 'Meters', icon: 'meters', key: 'm' },
  { path: '/completeness', word: 'Completeness', short: 'Complete', icon: 'completeness', key: 'c' },
  { path: '/events', word: 'Events', icon: 'events', key: 'e' },
  { path: '/commands', word: 'Commands', icon: 'commands', key: 'd' },
  { path: '/quality', word: 'Data quality', short: 'Quality', icon: 'quality', key: 'q' },
  { path: '/balance', word: 'Balance', icon: 'balance', key: 'l' },
  { path: '/billing', word: 'Billing', icon: 'billing', key: 'b' },
  { path: '/edges', word: 'Edges', icon: 'edges', key: 'x' },
  { path: '/system', word: 'System', icon: 'system', key: 's' },
];

export function placeOf(path: string): Place | undefined {
  return kPlaces.find((p) => (p.path === '/' ? path === '/' || path === '/abnormal' : path === p.path || path.startsWith(`${p.path}/`)));
}
