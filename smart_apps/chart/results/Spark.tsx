const WIDTH = 72;
const HEIGHT = 20;

/** A few values as a line, the newest at the right with a dot; the table and the dialog have the figures. */
export function Spark({ values }: { values: readonly number[] }) {
  if (values.length < 2) return null;
  const min = Math.min(...values);
  const span = Math.max(...values) - min || 1;
  const points = values.map((value, n) => [2 + (n * (WIDTH - 6)) / (values.length - 1), HEIGHT - 3 - ((value - min) / span) * (HEIGHT - 6)] as const);
  const last = points.at(-1);
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden style={{ display: "block" }}>
      <polyline points={points.map((point) => point.join(",")).join(" ")} fill="none" stroke="var(--fs-accent)" strokeWidth={1.5} />
      {last !== undefined && <circle cx={last[0]} cy={last[1]} r={2.5} fill="var(--fs-accent)" />}
    </svg>
  );
}
