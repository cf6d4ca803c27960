import { fireEvent, render, screen } from "@testing-library/react";
import { Component, Suspense, type ReactNode } from "react";
import { expect, test, vi } from "vitest";

import { onIntent, part } from "./part.tsx";

const Word = ({ word }: { word: string }) => <p>{word}</p>;

test("a part is loaded when it is shown, and once", async () => {
  const load = vi.fn(() => Promise.resolve({ default: Word }));
  const Shown = part(load);

  expect(load).not.toHaveBeenCalled();
  render(<Suspense fallback="soon"><Shown word="one" /><Shown word="two" /></Suspense>);

  expect(screen.getByText("soon")).toBeDefined();
  await screen.findByText("two");
  expect(load).toHaveBeenCalledTimes(1);
});

test("what leads to a part loads it when it is pointed at", () => {
  const load = vi.fn(() => Promise.resolve({ default: Word }));
  const Shown = part(load);

  render(<button type="button" {...onIntent(Shown, undefined)}>open</button>);
  fireEvent.pointerEnter(screen.getByText("open"));
  fireEvent.focus(screen.getByText("open"));

  expect(load).toHaveBeenCalledTimes(1);
});

class Boundary extends Component<{ children: ReactNode }, { isFailed: boolean }> {
  override state = { isFailed: false };
  static getDerivedStateFromError = () => ({ isFailed: true });
  override render = () => (this.state.isFailed ? <button type="button" onClick={() => this.setState({ isFailed: false })}>again</button> : this.props.children);
}

test("a part that couldn't be loaded is loaded anew when it is asked for again", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const load = vi.fn<() => Promise<{ default: typeof Word }>>().mockRejectedValueOnce(new Error("no network")).mockResolvedValue({ default: Word });
  const Shown = part(load);
  render(<Boundary><Suspense fallback="soon"><Shown word="here" /></Suspense></Boundary>);

  const again = await screen.findByText("again");
  expect(load).toHaveBeenCalledTimes(1);
  await new Promise((done) => setTimeout(done, 600));
  fireEvent.click(again);

  await screen.findByText("here");
  expect(load).toHaveBeenCalledTimes(2);
});

test("what couldn't be prepared is loaded when it is shown", async () => {
  const load = vi.fn<() => Promise<{ default: typeof Word }>>().mockRejectedValueOnce(new Error("no network")).mockResolvedValue({ default: Word });
  const Shown = part(load);
  Shown.prepare();
  await new Promise((done) => setTimeout(done));
  render(<Suspense fallback="soon"><Shown word="here" /></Suspense>);

  await screen.findByText("here");
});
