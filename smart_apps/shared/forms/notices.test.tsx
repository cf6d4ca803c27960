import { MantineProvider } from "@mantine/core";
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Notices } from "./Notices.tsx";
import { notify, saidNow, unsay } from "./notices.ts";
import { failed, told } from "./saving.ts";

beforeEach(() => {
  vi.useFakeTimers();
  render(<MantineProvider><Notices /></MantineProvider>);
});

afterEach(() => {
  act(() => saidNow.current().forEach((one) => unsay(one.id)));
  vi.useRealTimers();
});

test("what was done is said for a while", () => {
  act(() => told("Saved."));

  expect(screen.getByRole("status").textContent).toBe("Saved.");
  act(() => void vi.advanceTimersByTime(5_000));
  expect(screen.queryByRole("status")).toBeNull();
});

test("what wasn't done is said until it is closed", () => {
  act(() => failed("No network", "Not saved"));

  act(() => void vi.advanceTimersByTime(600_000));
  expect(screen.getByRole("alert").textContent).toBe("Not savedNo network");
  fireEvent.click(screen.getByRole("button"));
  expect(screen.queryByRole("alert")).toBeNull();
});

test("what has the focus stays", () => {
  act(() => void notify({ message: <button type="button">Undo</button>, color: "green", shownMs: 1_000 }));

  act(() => screen.getByText("Undo").focus());
  act(() => void vi.advanceTimersByTime(5_000));
  expect(screen.getByText("Undo")).toBeDefined();
  act(() => screen.getByText("Undo").blur());
  act(() => void vi.advanceTimersByTime(1_000));
  expect(screen.queryByText("Undo")).toBeNull();
});

test("of many, five are shown and the others wait", () => {
  act(() => [1, 2, 3, 4, 5, 6].forEach((n) => failed(`fault ${n}`, "Not saved")));

  expect(screen.getAllByRole("alert")).toHaveLength(5);
  act(() => unsay(saidNow.current()[0]?.id ?? 0));
  expect(screen.getAllByRole("alert").at(-1)?.textContent).toContain("fault 6");
});
