// Canvas drawing for the bands, inside uPlot's hooks. All colours come from the page's tokens.
import type uPlot from 'uplot';
import type { Point } from '$lib/api/types';
import { colour } from '$lib/app.svelte';
import type { Change } from '$lib/time';
import { joined, type Span, type Ticked } from './stack';

export interface Ground { nights: Span[]; outages: Span[]; changes: Change[] }

const kHatch_px = 5;

function box(u: uPlot) {
  return { left: u.bbox.left, top: u.bbox.top, width: u.bbox.width, height: u.bbox.height };
}

export function clipped(u: uPlot, draw: (g: CanvasRenderingContext2D) => void): void {
  const g = u.ctx, b = box(u);
  g.save();
  g.beginPath();
  g.rect(b.left, b.top, b.width, b.height);
  g.clip();
  draw(g);
  g.restore();
}

/** Behind the data: nights faint, outages grey, clock changes as dashed lines. */
export function drawGround(u: uPlot, ground: Ground, labelled = false): void {
  clipped(u, (g) => {
    const b = box(u);
    const fill = (spans: Span[], style: string) => {
      g.fillStyle = style;
      for (const s of spans) {
        const x = u.valToPos(s.from, 'x', true);
        g.fillRect(x, b.top, Math.max(1, u.valToPos(s.to, 'x', true) - x), b.height);
      }
    };
    fill(ground.nights, colour('field'));
    fill(ground.outages, colour('line'));
    g.strokeStyle = colour('border');
    g.lineWidth = devicePixelRatio;
    g.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const change of ground.changes) {
      const x = Math.round(u.valToPos(change.at, 'x', true)) + 0.5;
      g.beginPath();
      g.moveTo(x, b.top);
      g.lineTo(x, b.top + b.height);
      g.stroke();
      if (!labelled) continue;
      g.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
      g.textBaseline = 'top';
      g.textAlign = 'left';
      g.fillStyle = colour('muted');
      g.fillText(`clock ${change.shift_s > 0 ? '+' : '−'}${Math.abs(change.shift_s) / 3600} h`, x + 4 * devicePixelRatio, b.top + 2 * devicePixelRatio);
    }
  });
}

/** Interval data as steps over their own intervals; estimates dashed and hatched; gaps are gaps. */
export function drawSteps(u: uPlot, points: readonly Point[], step_s: number, factor: number, smooth: boolean): void {
  clipped(u, (g) => {
    const ratio = devicePixelRatio, ink = colour('ink'), estimated = colour('estimated');
    const x = (at: number) => u.valToPos(at, 'x', true);
    const y = (value: number) => u.valToPos(value / factor, 'y', true);
    g.lineWidth = 1.25 * ratio;
    g.lineJoin = 'round';
    const special = (p: Point) => p[2] === 'E' || p[2] === 'F';
    for (const kind of [false, true]) {
      g.strokeStyle = kind ? estimated : ink;
      g.setLineDash(kind ? [3 * ratio, 2 * ratio] : []);
      steps(g, points, step_s, smooth, x, y, (p) => special(p) === kind);
    }
    g.setLineDash([]);
    hatch(g, u, points.filter((p) => p[1] !== null && special(p)), step_s, estimated, x, y);
  });
}

/** The line of the points that are wanted: steps, or from end to end; gaps are gaps. */
function steps(g: CanvasRenderingContext2D, points: readonly Point[], step_s: number, smooth: boolean, x: (at: number) => number,
  y: (value: number) => number, wanted: (p: Point) => boolean): void {
  g.beginPath();
  for (let i = 0; i < points.length; i++) {
    const p = points[i]!, before = points[i - 1];
    if (p[1] === null || !wanted(p)) continue;
    const linked = before !== undefined && joined(before, p, step_s);
    if (linked) g.moveTo(smooth ? x(before[0]) : x(p[0] - step_s), y(before[1]!));
    else g.moveTo(x(p[0] - step_s), y(p[1]));
    if (linked && !smooth) g.lineTo(x(p[0] - step_s), y(p[1]));
    g.lineTo(x(p[0]), y(p[1]));
  }
  g.stroke();
}

/** A second or third series over the first: the original beside the final, what is proposed. */
export function drawTrace(u: uPlot, points: readonly Point[], step_s: number, factor: number, smooth: boolean, token: 'muted' | 'accent', dashed: boolean): void {
  clipped(u, (g) => {
    g.lineJoin = 'round';
    g.lineWidth = (dashed ? 2 : 1.25) * devicePixelRatio;
    g.strokeStyle = colour(token);
    g.setLineDash(dashed ? [5 * devicePixelRatio, 3 * devicePixelRatio] : []);
    steps(g, points, step_s, smooth, (at) => u.valToPos(at, 'x', true), (value) => u.valToPos(value / factor, 'y', true), () => true);
    g.setLineDash([]);
  });
}

/** The intervals that are chosen, behind the data. */
export function drawSelection(u: uPlot, span: Span): void {
  clipped(u, (g) => {
    const b = box(u), left = u.valToPos(span.from, 'x', true), right = u.valToPos(span.to, 'x', true);
    g.fillStyle = colour('accent');
    g.globalAlpha = 0.16;
    g.fillRect(left, b.top, right - left, b.height);
    g.globalAlpha = 1;
    for (const x of [left, right]) g.fillRect(Math.round(x), b.top, devicePixelRatio, b.height);
  });
}

function hatch(g: CanvasRenderingContext2D, u: uPlot, points: Point[], step_s: number, style: string,
  x: (at: number) => number, y: (value: number) => number): void {
  if (!points.length) return;
  const floor = u.bbox.top + u.bbox.height, gap = kHatch_px * devicePixelRatio;
  g.save();
  g.beginPath();
  for (const p of points) {
    const left = x(p[0] - step_s), top = y(p[1]!);
    g.rect(left, top, x(p[0]) - left, floor - top);
  }
  g.clip();
  g.strokeStyle = style;
  g.globalAlpha = 0.5;
  g.lineWidth = devicePixelRatio;
  g.beginPath();
  const from = x(points[0]![0] - step_s), to = x(points.at(-1)![0]);
  for (let at = from - u.bbox.height; at < to; at += gap) {
    g.moveTo(at, floor);
    g.lineTo(at + u.bbox.height, u.bbox.top);
  }
  g.stroke();
  g.restore();
}

/** Values of instants (registers): dots, joined by a thin muted line only from one to the next. */
export function drawDots(u: uPlot, points: readonly Point[], factor: number): void {
  clipped(u, (g) => {
    g.fillStyle = colour('ink');
    for (const p of points) {
      if (p[1] === null) continue;
      g.beginPath();
      g.arc(u.valToPos(p[0], 'x', true), u.valToPos(p[1] / factor, 'y', true), 2 * devicePixelRatio, 0, 7);
      g.fill();
    }
  });
}

/** Events and commands as ticks, one lane each; what is abnormal is coloured and thicker. */
export function drawTicks(u: uPlot, marks: readonly Ticked[], lanes: readonly string[], lane_px: number): void {
  const ratio = devicePixelRatio;
  const g = u.ctx;
  g.save();
  g.font = `${12 * ratio}px system-ui, sans-serif`;
  g.textBaseline = 'middle';
  g.textAlign = 'right';
  g.fillStyle = colour('muted');
  lanes.forEach((lane, i) => g.fillText(lane, u.bbox.left - 8 * ratio, u.bbox.top + (i + 0.5) * lane_px * ratio));
  g.restore();
  clipped(u, (c) => {
    for (const mark of marks) {
      const x = Math.round(u.valToPos(mark.at, 'x', true)), y = u.bbox.top + (lanes.indexOf(mark.lane) * lane_px + 3) * ratio;
      const loud = mark.state !== 'normal';
      c.fillStyle = colour(loud ? mark.state : 'ink');
      const width = (loud ? 3 : 1.5) * ratio;
      c.fillRect(x - width / 2, y, width, (lane_px - 6) * ratio);
    }
  });
}
