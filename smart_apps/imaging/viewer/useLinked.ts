import { useEffect, useRef } from "react";

import { matching } from "./stacks.ts";
import type { StackView } from "./StackView.ts";

/** Scrolls both panes together: to the same place where they share a frame of reference, else by the same way. */
export function useLinked(views: readonly (StackView | undefined)[], isOn: boolean, active: number): void {
  const leader = useRef(active);
  useEffect(() => {
    leader.current = active;
  }, [active]);
  const [one, two] = views;
  useEffect(() => {
    if (!isOn || one === undefined || two === undefined) return;
    const pair = [one, two] as const;
    // What one lies ahead of the other when they are linked stays.
    let before = pair.map((view) => ({ stack: view.state.stack, index: view.state.index }));
    let isFollowing = false;
    const follow = () => {
      const from = pair[leader.current === 1 ? 1 : 0];
      const to = pair[leader.current === 1 ? 0 : 1];
      const now = pair.map((view) => ({ stack: view.state.stack, index: view.state.index }));
      const [was, is] = [before[leader.current], now[leader.current]];
      const isOther = now.some((state, n) => state.stack !== before[n]?.stack);
      before = now;
      if (isFollowing || isOther || was?.index === is?.index || from.state.stack === undefined || to.state.stack === undefined) return;
      isFollowing = true;
      to.goTo(matching(from.state.stack, from.state.index, to.state.stack));
      before = pair.map((view) => ({ stack: view.state.stack, index: view.state.index }));
      isFollowing = false;
    };
    const ends = pair.map((view) => view.listen(follow));
    return () => ends.forEach((end) => end());
  }, [isOn, one, two]);
}
