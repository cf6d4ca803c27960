import { beforeEach, describe, expect, it } from "vitest";

import { returnFocus } from "./returnFocus.ts";

const added = (html: string, where: Element = document.body): HTMLElement => {
  where.insertAdjacentHTML("beforeend", html);
  return where.lastElementChild as HTMLElement;
};
const settled = () => new Promise((done) => setTimeout(done, 20));

returnFocus();

describe("the focus, when a dialog is taken away", () => {
  beforeEach(async () => {
    document.body.replaceChildren();
    await settled();
  });

  it("goes back to what the dialog was opened from", async () => {
    const opener = added("<button>Decide</button>");
    opener.focus();
    const dialog = added("<div role=dialog><button>Save</button></div>");
    dialog.querySelector("button")?.focus();
    dialog.remove();
    await settled();
    expect(document.activeElement).toBe(opener);
  });

  it("goes back to the button of the menu from which the dialog was opened", async () => {
    const opener = added("<button>More</button>");
    opener.focus();
    const menu = added("<div role=menu><button role=menuitem>History</button></div>");
    menu.querySelector("button")?.focus();
    const dialog = added("<div role=dialog><button>Close</button></div>");
    dialog.querySelector("button")?.focus();
    menu.remove();
    await settled();
    dialog.remove();
    await settled();
    expect(document.activeElement).toBe(opener);
  });

  it("goes to the content of the page when its opener is gone, too", async () => {
    const content = added('<main id="content" tabindex="-1"></main>');
    const row = added("<button>Finish</button>", content);
    row.focus();
    const dialog = added("<div role=dialog><button>Done</button></div>");
    dialog.querySelector("button")?.focus();
    row.remove();
    dialog.remove();
    await settled();
    expect(document.activeElement).toBe(content);
  });

  it("stays where somebody has put it meanwhile", async () => {
    added("<button>New</button>").focus();
    const dialog = added("<div role=dialog><button>Save</button></div>");
    dialog.querySelector("button")?.focus();
    const other = added("<input>");
    dialog.remove();
    other.focus();
    await settled();
    expect(document.activeElement).toBe(other);
  });
});
