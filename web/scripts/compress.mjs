// Writes x.gz beside every file of dist/ that gets smaller by it, and prints what the page weighs.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = process.argv[2] ?? new URL('../dist', import.meta.url).pathname;
let javascript = 0;
for (const entry of readdirSync(root, { recursive: true })) {
  const path = join(root, entry);
  if (!statSync(path).isFile() || path.endsWith('.gz')) continue;
  const body = readFileSync(path);
  const packed = gzipSync(body, { level: 9 });
  packed[9] = 255; // the "made on" byte, so that the bytes do not depend on the machine
  if (packed.length < body.length) writeFileSync(`${path}.gz`, packed);
  if (path.endsWith('.js')) javascript += packed.length;
}
console.log(`javascript: ${(javascript / 1000).toFixed(1)} kB gzip`);
if (javascript > 250_000) {
  console.error('more than 250 kB of javascript');
  process.exit(1);
}
