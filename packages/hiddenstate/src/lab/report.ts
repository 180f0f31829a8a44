import { dirname, join, relative, sep } from "node:path";
import { duration } from "../format.ts";
import { experiments } from "./catalogue.ts";
import type { Experiment, Table } from "./experiment.ts";
import { type Result, ResultFolder } from "./results.ts";

/** An experiment with what it left. */
export interface Finding {
  experiment: Experiment;
  result: Result;
}

/**
 * Writes what a folder's results say: the report as Markdown, and each experiment's pictures as SVG beside its JSON. Verdicts are given anew, from the
 * numbers.
 *
 * @param folder where the results lie
 * @param file the Markdown; default `report.md` in the folder
 * @returns the path of the report
 */
export async function writeReport(folder: string, file: string = join(folder, "report.md")): Promise<string> {
  const results = new ResultFolder(folder);
  const findings = await readFindings(folder);
  for (const { experiment, result } of findings) {
    for (const figure of experiment.figures(result.numbers)) {
      await results.writeText(pictureFile(experiment, figure.name), (await figure.draw()).svg());
    }
  }
  const pictures = relative(dirname(file), folder).split(sep).join("/") || ".";
  await new ResultFolder(dirname(file)).writeText(
    file.slice(dirname(file) === "." ? 0 : dirname(file).length + 1),
    reportOf(findings, pictures),
  );
  return file;
}

/** The results in a folder, in the order of the experiments; those of experiments that there are not any more are left out. */
export async function readFindings(folder: string): Promise<Finding[]> {
  const results = new ResultFolder(folder);
  const findings: Finding[] = [];
  for (const experiment of experiments) {
    const result = await results.read(experiment.name);
    if (result) findings.push({ experiment, result });
  }
  return findings;
}

/**
 * The report as Markdown.
 *
 * @param pictures the folder of the pictures, as links from the report see it
 */
export function reportOf(findings: readonly Finding[], pictures: string): string {
  return [
    "# Laboratory: the textbook's claims, tested",
    "Written by `hiddenstate lab` from the results beside the pictures. Each verdict follows from the numbers by " +
      "the criteria that stand with it: " +
      "*holds*, *holds within limits*, *does not hold here*, or *undecided* where the budget was too small or " +
      "the hardware is not here.",
    ...machines(findings),
    overview(findings),
    ...findings.flatMap((finding) => chapter(finding, pictures)),
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}

/** Where and when all of it ran, a paragraph for each machine. */
function machines(findings: readonly Finding[]): string[] {
  const described = new Map<string, Finding[]>();
  for (const finding of findings) {
    const { machine, version } = finding.result;
    const { processor, cores, platform, node, backend, threads } = machine;
    const words =
      `${processor}, ${cores} cores, ${platform}; Node ${node}, hiddenstate ${version}, ${backend} kernels on ` +
      `${threads} ${threads === 1 ? "thread" : "threads"}`;
    described.set(words, [...(described.get(words) ?? []), finding]);
  }
  return [...described].map(([words, ran]) => {
    const seconds = ran.reduce((total, { result }) => total + result.seconds, 0);
    const processor = ran.reduce((total, { result }) => total + result.processorSeconds, 0);
    const dates = ran.map(({ result }) => result.finishedAt.slice(0, 10)).toSorted();
    const texts = [...new Set(ran.map(({ result }) => result.text))].join("; ");
    const when = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`;
    const shared =
      processor < 0.8 * seconds
        ? " Other programs had much of the machine meanwhile: budgets are in steps, so no number but the times " +
          "depends on that."
        : "";
    return (
      `**Machine.** ${words}. ${ran.length} experiments, ${when}: ${duration(processor)} of processor time in ` +
      `${duration(seconds)}.${shared} ` +
      `Experiments on language read ${texts}.`
    );
  });
}

function overview(findings: readonly Finding[]): string {
  return markdownTable({
    columns: ["experiment", "verdict", "because"],
    rows: findings.map(({ experiment, result }) => {
      const { outcome, because } = experiment.judge(result.numbers);
      return [`[${experiment.name}](#${experiment.name})`, `**${outcome}**`, because];
    }),
  });
}

function chapter({ experiment, result }: Finding, pictures: string): string[] {
  const { numbers, settings, seeds, budget, seconds, processorSeconds, load } = result;
  const { outcome, because } = experiment.judge(numbers);
  const loaded =
    `${duration(seconds)}, of which ${duration(processorSeconds)} on a processor; load of the machine ${load[0]} ` +
    `before and ${load[1]} after` +
    (experiment.timed
      ? ". Times below are processor time, but other programs share caches and clock: take ratios, not the times " +
        "themselves."
      : "");
  return [
    `## ${experiment.name}`,
    `**Claim.** ${experiment.claim}`,
    `**Set-up** (${budget}, ${seeds.length} seeds). ${experiment.setUp(settings)}`,
    `**Criteria.** ${experiment.criteria}`,
    `**Verdict: ${outcome}.** ${because[0].toUpperCase()}${because.slice(1)}.`,
    ...experiment.tables(numbers).flatMap((table) => [`${table.caption}:`, markdownTable(table)]),
    ...experiment
      .figures(numbers)
      .map(({ name, caption }) => `![${caption}](${pictures}/${pictureFile(experiment, name)})`),
    `Took ${loaded}.`.replace(/\.\.$/, "."),
  ];
}

/** The file of a picture in the folder of the results. */
const pictureFile = ({ name }: Experiment, figure: string): string => `${name}-${figure}.svg`;

function markdownTable({ columns, rows }: Omit<Table, "caption">): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}
