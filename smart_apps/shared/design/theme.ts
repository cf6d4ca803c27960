import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

// The teal-blue of the sign-in pages; 6 is the fill with white text on it (7.0:1), 5 on dark grounds (5.3:1), 3 the accent there.
const accent: MantineColorsTuple = [
  "#eaf3f7", "#d2e6ee", "#a5cddd", "#6fc3e0", "#3f94b3", "#1d7596", "#0b5c7a", "#0a5069", "#084860", "#06384b",
];
// Red, amber, green and violet are for clinical meaning only: critical, warning, done, restricted.
const red: MantineColorsTuple = [
  "#fdf0f0", "#f9d9d7", "#f2b5b1", "#ffb1ab", "#e06c63", "#c94238", "#b3261e", "#99201a", "#7f1a15", "#651410",
];
const yellow: MantineColorsTuple = [
  "#fff6e6", "#fdeac8", "#f8d494", "#f2bd5e", "#d99a2b", "#9a6208", "#8a5300", "#744600", "#5e3900", "#482c00",
];
const green: MantineColorsTuple = [
  "#eef8f1", "#d6eedd", "#afdfbe", "#9fe0b6", "#57b279", "#27794a", "#1c6b3a", "#175a31", "#124827", "#0d371d",
];
const gray: MantineColorsTuple = [
  "#f6f8f9", "#eef2f4", "#e1e8ec", "#c9d4db", "#a4b3bc", "#7b8c97", "#545b62", "#45505a", "#2b3a44", "#1a2b36",
];
const dark: MantineColorsTuple = [
  "#e6eef2", "#c3d0d7", "#a9bac4", "#7b919d", "#47606d", "#33454f", "#22323b", "#18242c", "#10191f", "#0b1216",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 6, dark: 5 },
  colors: { accent, red, yellow, green, gray, dark },
  autoContrast: true,
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "Cascadia Mono", "Noto Sans Mono", "Liberation Mono", monospace',
  fontSizes: { xs: "0.8125rem", sm: "0.875rem", md: "0.9375rem", lg: "1.0625rem", xl: "1.25rem" },
  headings: { fontWeight: "600", sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.125rem" }, h3: { fontSize: "1rem" } } },
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Card: { defaultProps: { withBorder: true, padding: "md", radius: "md" } },
    // Within a dialog a <header> is no banner of the page.
    Modal: { defaultProps: { centered: true, radius: "md", attributes: { header: { role: "presentation" } } } },
    // Nothing that says how things stand is cut.
    Badge: { defaultProps: { tt: "none" }, styles: { root: { height: "auto", minHeight: "var(--badge-height)", maxWidth: "100%" }, label: { whiteSpace: "normal", overflow: "visible" } } },
    Button: { defaultProps: { size: "sm" } },
    Table: { defaultProps: { verticalSpacing: 6 } },
    Tooltip: { defaultProps: { openDelay: 300, events: { hover: true, focus: true, touch: true } } },
  },
});

/** Secondary text and lines with enough contrast in both schemes. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-dimmed": "#4d606d",
    "--mantine-color-placeholder": "#5c6f7c",
    "--mantine-color-error": "#b3261e",
    "--mantine-color-anchor": "#0b5c7a",
    "--fs-ground": "#f3f6f8",
    "--fs-line": "#c9d4db",
    "--fs-critical": "#b3261e",
    "--fs-critical-ground": "#fdf0f0",
    "--fs-warning": "#8a5300",
    "--fs-warning-ground": "#fff6e6",
    "--fs-good": "#1c6b3a",
    "--fs-accent": "#0b5c7a",
  },
  dark: {
    "--mantine-color-body": "#18242c",
    "--mantine-color-dimmed": "#a9bac4",
    "--mantine-color-placeholder": "#93a6b1",
    "--mantine-color-error": "#ffb1ab",
    "--mantine-color-anchor": "#6fc3e0",
    "--fs-ground": "#10191f",
    "--fs-line": "#33454f",
    "--fs-critical": "#ffb1ab",
    "--fs-critical-ground": "#3a1d1d",
    "--fs-warning": "#f2bd5e",
    "--fs-warning-ground": "#33260d",
    "--fs-good": "#9fe0b6",
    "--fs-accent": "#6fc3e0",
  },
});
