import { type Command, Option } from 'commander'
import type { InterruptibleContext } from '../../terminal/interruptible.ts'
import {
  addClientFlags,
  byteRange,
  duration,
  integer,
  keyValue,
  parallelOption,
  partSize,
} from './client-flags.ts'

/** Runs a command. */
type Start = (work: (context: InterruptibleContext) => Promise<number>) => Promise<void>

const MiB = 2 ** 20

/** `custody files …` */
export function describeFiles(program: Command, start: Start): void {
  const files = program
    .command('files')
    .description('the files of a project, on any server of the OpenAI API')

  addClientFlags(
    files
      .command('put')
      .description('put files on a server; what was interrupted goes on where it stopped')
      .argument('<file...>', 'files, folders, and patterns such as "batches/**/*.jsonl"')
      .option('--purpose <purpose>', 'what they are for', 'user_data')
      .option('--name <name>', 'the name of the file there (default: its own)')
      .addOption(
        new Option(
          '--expires-after <time>',
          'seconds, or such as 12h or 30d (default: as the server has it)',
        ).argParser(duration),
      )
      .addOption(
        new Option(
          '--metadata <key=value>',
          'said of them; may be repeated (not in OpenAI’s API)',
        ).argParser(keyValue),
      )
      .option('-r, --recursive', 'put the files in folders, and below them')
      .addOption(parallelOption('requests at once').default(4))
      .addOption(
        new Option('--part-size <size>', 'what is larger goes in parts of this size')
          .argParser(partSize)
          .default(16 * MiB, '16MiB'),
      )
      .option('--json', 'one JSON object for each file: the File object, and its path'),
  ).action((args, flags) =>
    start(async (context) =>
      (await import('./files-put.ts')).filesPut(context, args, flags),
    ),
  )

  addClientFlags(
    files
      .command('get')
      .description('get files from a server, checked against the digest that it says')
      .argument('<file-id...>')
      .option(
        '-o, --out <path>',
        'a file, a folder, or - for standard output (default: this folder, under the names that the server says)',
      )
      .addOption(
        new Option('--range <bytes>', 'only FIRST-LAST, FIRST- or -COUNT').argParser(
          byteRange,
        ),
      )
      .option('-f, --force', 'replace files that are there')
      .addOption(parallelOption('files at once').default(4))
      .option('--json', 'one JSON object for each file'),
  ).action((ids, flags) =>
    start(async (context) =>
      (await import('./files-get.ts')).filesGet(context, ids, flags),
    ),
  )

  addClientFlags(
    files
      .command('list')
      .description(
        'live files, newest first: of a server where one is named, else of the data folder itself',
      )
      .option('--purpose <purpose>', 'only files of this purpose')
      .addOption(new Option('--order <order>', 'by time').choices(['asc', 'desc']))
      .option('--after <file-id>', 'only files behind this one')
      .addOption(
        new Option('--limit <number>', 'at most so many').argParser(integer(1, 1e9)),
      )
      .option('--project <id>', 'of the data folder: the project (default: default)')
      .option('-l, --long', 'status and metadata, too')
      .option('--json', 'one JSON object for each file'),
  ).action((flags) =>
    start(async (context) => (await import('./files-list.ts')).listFiles(context, flags)),
  )

  addClientFlags(
    files
      .command('rm')
      .description('delete files on a server')
      .argument('<file-id...>')
      .option('-y, --yes', 'do not ask')
      .option('--json', 'one JSON object for each file'),
  ).action((ids, flags) =>
    start(async (context) =>
      (await import('./files-rm.ts')).filesRm(context, ids, flags),
    ),
  )
}
