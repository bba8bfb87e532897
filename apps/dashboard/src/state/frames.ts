/**
 * Renders before a frame is painted, and no sooner than `pauseMs` after the last time: nobody reads faster, and the
 * page stays quick under a flood.
 */
export function pacedFrames(pauseMs: number): (render: () => void) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (render) => {
    const frame = () =>
      requestAnimationFrame((now) => {
        last = now;
        render();
      });
    const wait = last + pauseMs - performance.now();
    if (wait > 0) setTimeout(frame, wait);
    else frame();
  };
}
