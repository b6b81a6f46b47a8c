/**
 * Finds rule sets and calendars: those of the product, and those that somebody dropped into the site's own folder. A bad file is
 * refused with every fault named. It stops the start only when the site cannot have the rule set it chose; any other one is put aside
 * and told of, because a room must not stand still for a file that it does not use.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CalendarYear } from '../core/calendar/calendar.ts';
import { CALENDAR_FORMAT, checkCalendarYear } from '../core/calendar/check-calendar.ts';
import { errnoOf, type FieldFault, sentenceOf } from '../core/errors.ts';
import { checkRuleSet, RULE_SET_FORMAT } from '../core/rules/check-rule-set.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { RefusedFile, SiteRules } from '../core/rules/site-rules.ts';
import { yamlValue } from './yaml-text.ts';

/** The data files of the product; the build copies them to the same place. */
const OWN_FOLDERS = ['../core/rules', '../core/calendar'].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const FILE_NAME_PATTERN = /^[^.].*\.(?:ya?ml|json)$/;
const FILE_MAX_BYTES = 1_000_000;

export type FoundRules =
  | { readonly ok: true; readonly rules: SiteRules }
  | { readonly ok: false; readonly faults: readonly FieldFault[] };

/** A usable file. */
type Found = { readonly path: string; readonly set: RuleSet } | { readonly path: string; readonly year: CalendarYear };

/**
 * The rules of a site that chose the rule set `chosen`. `folder` (absolute) holds files of its own, or is null; its calendars stand
 * before the product's, because a notice may be changed within its year. Not ok when the chosen one is not there or does not hold, or
 * the folder cannot be read: `faults` then also name every fault of every file that was refused.
 */
export function findRules(chosen: string, folder: string | null): FoundRules {
  const own = OWN_FOLDERS.map(filesIn);
  const extra = folder === null ? null : filesIn(folder);
  if (extra !== null && !extra.ok) {
    return {
      ok: false,
      faults: [{ field: 'rulesFolder', message: `cannot be read: ${extra.why} (value: "${folder}")` }],
    };
  }
  const refused: RefusedFile[] = [];
  const read = (paths: readonly string[]): Found[] => paths.flatMap((path) => readOne(path, refused));
  const ofProduct = read(own.flatMap((one) => (one.ok ? one.paths : [])));
  const ofSite = read(extra?.paths ?? []);
  const sets = new Map<string, { readonly set: RuleSet; readonly path: string }>();
  const years = new Map<number, { readonly year: CalendarYear; readonly path: string }>();
  for (const found of [...ofProduct, ...ofSite]) {
    if ('set' in found) {
      const before = sets.get(found.set.id);
      if (before === undefined) sets.set(found.set.id, found);
      else refused.push({ path: found.path, faults: [takenBy('id', before.path)] });
    } else {
      const before = years.get(found.year.year);
      if (before === undefined || ofProduct.some(({ path }) => path === before.path)) years.set(found.year.year, found);
      else refused.push({ path: found.path, faults: [takenBy('year', before.path)] });
    }
  }
  const set = sets.get(chosen)?.set;
  if (set === undefined) return { ok: false, faults: [notFound(chosen, [...sets.keys()]), ...refused.flatMap(named)] };
  const calendar = { years: [...years.values()].map(({ year }) => year).sort((a, b) => a.year - b.year) };
  return { ok: true, rules: { set, all: [...sets.values()].map((one) => one.set), calendar, refused } };
}

/** The faults of a refused file with the file's name before each path. */
function named({ path, faults }: RefusedFile): FieldFault[] {
  return faults.map(({ field, message }) => ({ field: `${basename(path)}: ${field}`, message }));
}

function notFound(chosen: string, known: readonly string[]): FieldFault {
  const message = `is not a rule set that could be used: write one of ${known.join(', ')}, or put its file into rulesFolder`;
  return { field: 'rules', message: `${message} (value: "${chosen}")` };
}

function takenBy(field: string, path: string): FieldFault {
  const what = field === 'id' ? 'choose another id' : 'take one of them out of the folder';
  return { field, message: `stands in ${path} already: ${what}` };
}

function readOne(path: string, refused: RefusedFile[]): Found[] {
  const refuse = (faults: readonly FieldFault[]): Found[] => {
    refused.push({ path, faults });
    return [];
  };
  let text: string;
  try {
    if (statSync(path).size > FILE_MAX_BYTES) {
      return refuse([
        { field: '(whole file)', message: `is larger than ${FILE_MAX_BYTES} bytes: it is no file of rules` },
      ]);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return refuse([{ field: '(whole file)', message: `cannot be read: ${errnoOf(error) ?? sentenceOf(error)}` }]);
  }
  const yaml = yamlValue(text, 'failsafe');
  if (!yaml.ok) return refuse(yaml.faults);
  // Whoever looks for clauses[41] should not have to count.
  const refuseAt = (faults: readonly FieldFault[]): Found[] =>
    refuse(faults.map(({ field, message }) => ({ field: `${field} (line ${yaml.lineOf(field)})`, message })));
  switch (formatOf(yaml.value)) {
    case RULE_SET_FORMAT: {
      const checked = checkRuleSet(yaml.value);
      return checked.ok ? [{ path, set: checked.value }] : refuseAt(checked.faults);
    }
    case CALENDAR_FORMAT: {
      const checked = checkCalendarYear(yaml.value);
      return checked.ok ? [{ path, year: checked.value }] : refuseAt(checked.faults);
    }
    default:
      return refuse([{ field: 'format', message: `must be the first line: ${RULE_SET_FORMAT} or ${CALENDAR_FORMAT}` }]);
  }
}

function formatOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { format?: unknown }).format : undefined;
}

function filesIn(folder: string): { ok: true; paths: readonly string[] } | { ok: false; why: string } {
  try {
    const names = readdirSync(folder).filter((name) => FILE_NAME_PATTERN.test(name));
    return { ok: true, paths: names.sort().map((name) => join(folder, name)) };
  } catch (error) {
    return { ok: false, why: errnoOf(error) ?? sentenceOf(error) };
  }
}
