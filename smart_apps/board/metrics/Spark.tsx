import classes from "./metrics.module.css";

const [WIDTH, HEIGHT] = [160, 32];

/** How a figure went, day by day; the figures themselves are in the table behind it. */
export function Spark({ values }: { values: readonly number[] }) {
  if (values.length < 2) return null;
  const [low, high] = [Math.min(...values, 0), Math.max(...values)];
  const span = high - low || 1;
  const points = values.map((value, n) => `${((n / (values.length - 1)) * WIDTH).toFixed(1)},${(HEIGHT - 2 - ((value - low) / span) * (HEIGHT - 4)).toFixed(1)}`);
  return (
    <svg className={classes.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" strokeWidth={2} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
