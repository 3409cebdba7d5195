import AxeBuilder from "@axe-core/playwright";
import { expect, test as base, type Page } from "@playwright/test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The words the product itself speaks, so that a test never says another thing than the page. */
const catalogues: Record<string, Record<string, string | { other: string }>> = { ja: {}, en: {} };
for (const file of readdirSync("internal", { recursive: true, encoding: "utf8" })) {
  const lang = /(?:words|catalog)\/(ja|en)\.json$/.exec(file)?.[1];
  if (lang) Object.assign(catalogues[lang]!, JSON.parse(readFileSync(join("internal", file), "utf8")));
}

export type Kit = { lang: string; phone: boolean; other: string; t: (key: string, blanks?: Record<string, string>) => string; me: { mail: string; password: string } };

export const test = base.extend<{ kit: Kit }>({
  kit: async ({}, use, info) => {
    const { lang, phone, other } = info.project.metadata as { lang: string; phone: boolean; other: number };
    const t = (key: string, blanks: Record<string, string> = {}) => {
      const said = catalogues[lang]![key];
      if (said === undefined) throw new Error(`no sentence for ${key}`);
      return (typeof said === "string" ? said : said.other).replace(/\{\{\.(\w+)\}\}/g, (_, name: string) => blanks[name] ?? "");
    };
    await use({ lang, phone, other: `http://127.0.0.1:${other}`, t, me: { mail: "okada@demo.kizuki.invalid", password: "kizuki-demo" } });
  },
});

export { expect };

/** Signs in as the sign-in page of the demo tells, and keeps an eye on the console: nothing may break silently. */
export async function signIn(page: Page, kit: Kit, base = ""): Promise<void> {
  await signInWith(page, kit, kit.me.mail, base);
}

/** Signs in as another of the demo's members, by the name before the @. */
export async function signInAs(page: Page, kit: Kit, name: string, base = ""): Promise<void> {
  await signInWith(page, kit, kit.me.mail.replace(/^[^@]+/, name), base);
}

async function signInWith(page: Page, kit: Kit, mail: string, base: string): Promise<void> {
  page.on("pageerror", (e) => { throw e; });
  page.on("console", (m) => { if (/Content Security Policy|Refused to/.test(m.text())) throw new Error(m.text()); });
  await page.goto(base + "/signin");
  if (!base) await expect(page.locator("main")).toContainText(kit.me.mail); // a second node is no demo and tells nothing
  await page.getByLabel(kit.t("workspace.mail")).fill(mail);
  await page.getByLabel(kit.t("workspace.password"), { exact: true }).fill(kit.me.password);
  await page.getByRole("button", { name: kit.t("workspace.signin.do"), exact: true }).click();
  await expect(page).toHaveURL(/\/today/);
  await speak(page, kit);
}

/** The demo's members read Japanese; an English walk changes the language as a person would. */
async function speak(page: Page, kit: Kit): Promise<void> {
  if ((await page.locator("html").getAttribute("lang")) === kit.lang) return;
  await page.goto("/me");
  await page.locator('select[name="lang"]').selectOption(kit.lang);
  await page.locator('form[action="/me"] button').click();
  await expect(page.locator("html")).toHaveAttribute("lang", kit.lang);
  await page.goto("/today");
}

/** axe finds nothing, in the light and in the dark, and nothing scrolls sideways. */
export async function wellMade(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
    expect(found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" | ")}`)).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: "light" });
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
}
