import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Link, Router } from "wouter";

import { Ahead } from "./Ahead.tsx";

test("a page is loaded when a link to it is pointed at or has the focus", () => {
  const pages = { "/patients/:id": { prepare: vi.fn() }, "/round": { prepare: vi.fn() } };
  render(
    <Router base="/apps/chart">
      <Ahead pages={pages} />
      <Link href="/patients/7"><b>LEE, Ann</b></Link>
      <Link href="/round">Round</Link>
      <a href="/apps/board/round">Board</a>
    </Router>,
  );

  fireEvent.pointerOver(screen.getByText("LEE, Ann"));
  fireEvent.pointerOver(screen.getByText("Board"));

  expect(pages["/patients/:id"].prepare).toHaveBeenCalledTimes(1);
  expect(pages["/round"].prepare).not.toHaveBeenCalled();
  fireEvent.focusIn(screen.getByText("Round"));
  expect(pages["/round"].prepare).toHaveBeenCalledTimes(1);
});
