/** Geometry of a virtual list of equal rows, in CSS pixels. */

/** Browsers stop near 33 M px of height, Firefox at 17 M; beyond this the scroll position is scaled. */
export const MAX_HEIGHT = 16_000_000;

export interface Window {
  /** Height of the scrolled content. */
  height: number;
  /** First and one past the last row to draw. */
  first: number;
  last: number;
  /** What to add to `index * rowHeight` to get the position in the scrolled content. */
  shift: number;
}

export function windowOf(
  scrollTop: number,
  viewport: number,
  rowHeight: number,
  count: number,
  overscan: number,
): Window {
  const whole = count * rowHeight;
  const height = Math.min(whole, MAX_HEIGHT);
  const top = Math.max(0, Math.min(scrollTop, height - viewport));
  const position = whole > height ? top * ratio(whole, height, viewport) : top;
  return {
    height,
    first: Math.max(0, Math.floor(position / rowHeight) - overscan),
    last: Math.min(count, Math.ceil((position + viewport) / rowHeight) + overscan),
    shift: top - position,
  };
}

/** The scroll position that shows row `index`, moving as little as possible from `scrollTop`. */
export function scrollFor(
  index: number,
  scrollTop: number,
  viewport: number,
  rowHeight: number,
  count: number,
): number {
  const whole = count * rowHeight;
  const height = Math.min(whole, MAX_HEIGHT);
  const scale = whole > height ? ratio(whole, height, viewport) : 1;
  const position = scrollTop * scale;
  const top = index * rowHeight;
  const wanted = Math.max(top + rowHeight - viewport, Math.min(position, top));
  return wanted === position ? scrollTop : Math.max(0, wanted / scale);
}

function ratio(whole: number, height: number, viewport: number): number {
  return (whole - viewport) / Math.max(1, height - viewport);
}
