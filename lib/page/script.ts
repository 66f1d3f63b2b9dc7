/**
 * What keeps an open page fresh. It asks for the same address again and exchanges the parts that differ, so that folds, the
 * focus and the place on the page stay. When nothing can be read it keeps what it shows and says since when it is old.
 * Written for browsers of the last years, without a build step.
 */
export const script = `"use strict";
(() => {
  const everyMs = Number(document.body.dataset.every);
  const limitMs = 10000;
  const hold = document.getElementById("hold");
  const trouble = document.getElementById("trouble");
  const partsOf = (root) => [...root.querySelectorAll("[data-live]")];
  // As the server wrote them: a fold that somebody opened is no difference.
  const written = new Map(partsOf(document).map((part) => [part.id, part.outerHTML]));
  let isHeld = false;
  let timer = 0;

  const openFolds = () => [...document.querySelectorAll("details[open][id]")].map((fold) => fold.id);
  const restore = (focused, folds) => {
    for (const id of folds) document.getElementById(id)?.setAttribute("open", "");
    const target = focused === "" ? null : document.getElementById(focused);
    if (target !== null && target !== document.activeElement) target.focus({ preventScroll: true });
  };

  const exchange = (next) => {
    const focused = document.activeElement?.id ?? "";
    const folds = openFolds();
    const fresh = partsOf(next);
    const shape = (parts) => parts.map((part) => part.id).join(" ");
    const isSameShape = shape(fresh) === shape(partsOf(document));
    if (isSameShape) {
      for (const part of fresh) {
        if (written.get(part.id) === part.outerHTML) continue;
        document.getElementById(part.id).innerHTML = part.innerHTML;
      }
    } else {
      document.getElementById("page").innerHTML = next.getElementById("page").innerHTML;
      document.getElementById("verdict").innerHTML = next.getElementById("verdict").innerHTML;
      document.getElementById("at").innerHTML = next.getElementById("at").innerHTML;
    }
    written.clear();
    for (const part of fresh) written.set(part.id, part.outerHTML);
    document.title = next.title;
    restore(focused, folds);
  };

  const complain = (why) => {
    const since = document.querySelector("#at time")?.textContent ?? "the beginning";
    const text = "Not refreshed since " + since + ": " + why;
    if (trouble.textContent !== text) trouble.textContent = text;
    document.body.classList.add("old");
  };

  const refresh = async () => {
    try {
      const signal = AbortSignal.timeout(limitMs);
      const answer = await fetch(location.href, { cache: "no-store", signal });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      const page = next.getElementById("page");
      if (page === null) return complain("the answer was no page, with status " + answer.status);
      if (page.dataset.failure !== undefined) return complain(page.dataset.failure);
      exchange(next);
      trouble.textContent = "";
      document.body.classList.remove("old");
    } catch (error) {
      complain("no answer (" + error.message + ")");
    }
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(again, everyMs);
  };
  const again = async () => {
    // Nobody looks, so nobody asks; whoever comes back is told at once.
    if (!isHeld && !document.hidden) await refresh();
    later();
  };

  // A form's answer is this page again: it is sent beside the page, which then shows what came of it.
  document.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    form.querySelector("button").setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", signal: AbortSignal.timeout(limitMs) });
      if (answer.ok) await refresh();
      else complain(await answer.text());
    } catch (error) {
      complain("no answer (" + error.message + ")");
    }
  });

  hold.hidden = false;
  hold.addEventListener("click", () => {
    isHeld = !isHeld;
    hold.textContent = isHeld ? "Refresh again" : "Stop refreshing";
    if (!isHeld) again();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) again();
  });
  later();
})();
`;
