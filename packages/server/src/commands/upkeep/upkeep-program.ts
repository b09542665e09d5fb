import type { Command } from 'commander'
import type { Start } from '../start.ts'
import { toNumber } from '../to-number.ts'

/** `custody consumers …`, `sweep`, `scrub`, `doctor` and `index rebuild` */
export function describeUpkeep(program: Command, run: Start): void {
  const consumers = program.command('consumers').description('durable readers of the log')
  consumers
    .command('list')
    .description('where each one stands')
    .action(() =>
      run(async (context) => (await import('./consumers.ts')).listConsumers(context)),
    )
  consumers
    .command('resume')
    .description('let a stopped one try again')
    .argument('<name>')
    .action((name) =>
      run(async (context) =>
        (await import('./consumers.ts')).resumeConsumer(context, name),
      ),
    )
  consumers
    .command('skip')
    .description('let a stopped one pass over an event')
    .argument('<name>')
    .argument('<position>')
    .action((name, position) =>
      run(async (context) =>
        (await import('./consumers.ts')).skipEvent(context, name, position),
      ),
    )

  program
    .command('sweep')
    .description('look for content without an event, and events without their content')
    .option('--dry-run', 'find, and remove nothing')
    .option('--force', 'remove more than the larger of 1 % and 20 objects')
    .action((flags) =>
      run(async (context) => (await import('./sweep.ts')).sweep(context, flags)),
    )
  program
    .command('scrub')
    .description('read stored content again, and write down in the log what is damaged')
    .argument('[file-id...]', 'only these files (default: all, of all projects)')
    .option('--from <cursor>', 'go on where a scrub was interrupted')
    .option('--rate <number>', 'most MiB to read in a second', toNumber)
    .option('--json', 'print the report as one JSON object')
    .action((files, flags) =>
      run(async (context) => (await import('./scrub.ts')).scrub(context, files, flags)),
    )
  program
    .command('doctor')
    .description('look at everything that can be looked at, and say what to do')
    .option('--quick', 'leave out what reads all of the log or all content')
    .option('--json', 'print the report as one JSON object')
    .option('--accept-clock', 'say in the log that the clock is right; looks at nothing')
    .action((flags) =>
      run(async (context) => (await import('./doctor.ts')).doctor(context, flags)),
    )
  const index = program.command('index').description('what lists and look-ups read')
  for (const [parent, hidden] of [
    [index, false],
    [program, true],
  ] as const) {
    parent
      .command('rebuild', { hidden })
      .description('build the index anew from the log, beside the live one')
      .argument('[projection...]', 'files, directory, … (default: all)')
      .action((names) =>
        run(async (context) =>
          (await import('./index-rebuild.ts')).rebuildIndex(context, names),
        ),
      )
  }
}
