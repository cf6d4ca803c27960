import type { ComponentProps } from "react";

interface Given extends ComponentProps<"div"> {
  viewportProps?: ComponentProps<"div">;
}

/** Scrolls its content sideways as the browser does; takes of Mantine's ScrollArea what a table's container gives it. */
export function ScrollArea({ children, className, style, viewportProps }: Given) {
  return <div className={className} {...viewportProps} style={{ ...style, overflow: "auto" }}>{children}</div>;
}
