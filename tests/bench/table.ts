import {
  arch,
  availableParallelism,
  cpus,
  loadavg,
  release,
  totalmem,
  type,
} from 'node:os'
import { type Bound, type Comparison, judge, median } from './comparison.ts'

/** What became of one row. */
export type Outcome = {
  readonly row: string
  readonly comparisons: readonly Comparison[]
  /** Why there is nothing, or not everything. */
  readonly missing?: string
  /** It failed, rather than being passed over on purpose. */
  readonly failed?: boolean
}

/** Whether every row was measured, or passed over on purpose, and no bound was missed. */
export function allMet(outcomes: readonly Outcome[]): boolean {
  return outcomes.every(
    ({ comparisons, failed }) =>
      !failed && comparisons.every((comparison) => judge(comparison).met !== false),
  )
}

/** The machine, the software and what else the machine had to do before, in one line. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? arch()
  const memory = Math.round(totalmem() / 2 ** 30)
  return [
    `${availableParallelism()} × ${model}`,
    `${memory} GiB`,
    `${type()} ${release()}`,
    `Node ${process.version}`,
    `load average before: ${loadavg()[0]?.toFixed(1)}`,
  ].join(', ')
}

/** The result as a Markdown table. */
export function toMarkdown(outcomes: readonly Outcome[], machine: string): string {
  const head = [
    'row',
    'ours',
    'reference',
    'ours : reference',
    'of the rounds',
    'bound',
    '',
  ]
  const rows = outcomes.flatMap(({ comparisons }) =>
    comparisons.map((comparison) => {
      const verdict = judge(comparison)
      const show = (value: number) => formatRelation(comparison, value)
      return [
        comparison.name,
        `${formatValue(median(comparison.ours))} ${comparison.unit}`,
        `${formatValue(median(comparison.reference))} ${comparison.unit}`,
        show(verdict.median),
        `${show(verdict.lowest)} … ${show(verdict.highest)}`,
        comparison.bound ? formatBound(comparison.bound, show) : '',
        verdict.met === undefined ? 'figure only' : verdict.met ? 'met' : '**missed**',
      ]
    }),
  )
  const remarks = outcomes
    .filter(({ missing }) => missing !== undefined)
    .map(({ row, missing }) => `- \`${row}\`: ${missing}`)
  return [
    line(head),
    line(head.map((_, at) => (at === 0 || at === 6 ? '---' : '--:'))),
    ...rows.map(line),
    ...(remarks.length > 0 ? ['', ...remarks] : []),
    '',
    machine,
  ].join('\n')
}

/** The result with the values of every round. */
export function toJson(outcomes: readonly Outcome[], machine: string): string {
  const rows = outcomes.map(({ comparisons, ...outcome }) => ({
    ...outcome,
    comparisons: comparisons.map((comparison) => ({
      ...comparison,
      ...judge(comparison),
    })),
  }))
  return JSON.stringify({ machine, rows }, undefined, 2)
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Three significant digits below 1,000, whole numbers above. */
function formatValue(value: number): string {
  return value >= 1000
    ? Math.round(value).toLocaleString('en-US')
    : String(Number(value.toPrecision(3)))
}

function formatRelation({ by }: Comparison, value: number): string {
  return by === 'ratio'
    ? value.toFixed(2)
    : `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(0)} MiB`
}

function formatBound(bound: Bound, show: (value: number) => string): string {
  return 'atLeast' in bound ? `≥ ${show(bound.atLeast)}` : `≤ ${show(bound.atMost)}`
}
