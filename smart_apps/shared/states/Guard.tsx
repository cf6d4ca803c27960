import { Component, type ReactNode } from "react";

import { text } from "../i18n/i18n.ts";
import { Failed } from "./Failed.tsx";

/** A fault of one part doesn't take the page with it. */
export class Guard extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return <Failed error={this.state.error} title={text("failedPage")} retry={() => this.setState({ error: undefined })} />;
  }
}
