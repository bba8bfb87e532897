/** A small line of the last values, the newest on the right; its scale begins at zero. */
export function Sparkline({
  values,
  label,
  width = 72,
  height = 18,
}: {
  values: readonly number[];
  label: string;
  width?: number;
  height?: number;
}) {
  if (values.length < 2) return <svg class="spark" width={width} height={height} aria-hidden="true" />;
  const top = Math.max(...values, 1e-9);
  const step = width / (values.length - 1);
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`,
  );
  const line = `M${points.join('L')}`;
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      <path class="spark-area" d={`${line}L${width},${height}L0,${height}Z`} />
      <path class="spark-line" d={line} />
    </svg>
  );
}
