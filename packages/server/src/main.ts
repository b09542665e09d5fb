import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { CustodyError } from '@custody/domain'
import { Command, CommanderError } from 'commander'
import { auditReplay, auditShow } from './commands/audit.ts'
import { auditCheckpoint, auditProof } from './commands/audit-checkpoint.ts'
import { auditExport } from './commands/audit-export.ts'
import { auditVerifyReceipt } from './commands/audit-receipt.ts'
import { auditVerify } from './commands/audit-verify.ts'
import { backup, verifyBackup } from './commands/backup.ts'
import type { CommandContext } from './commands/command-context.ts'
import { listConsumers, resumeConsumer, skipEvent } from './commands/consumers.ts'
import { doctor } from './commands/doctor.ts'
import { erase } from './commands/erase.ts'
import { describeFiles } from './commands/files-program.ts'
import { importLog } from './commands/import.ts'
import { rebuildIndex } from './commands/index-rebuild.ts'
import { interruptible } from './commands/interruptible.ts'
import { createKey, listKeys, revokeKey, updateKey } from './commands/keys.ts'
import { sweep } from './commands/maintenance.ts'
import { createProject, listProjects } from './commands/projects.ts'
import { restore } from './commands/restore.ts'
import { rotateMaster } from './commands/rotate-master.ts'
import { scrub } from './commands/scrub.ts'
import { serve } from './commands/serve.ts'
import { usage } from './commands/usage.ts'
import { validate } from './commands/validate.ts'
import { VERSION } from './version.ts'

/** The `custody` command. Resolves to its exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const context: CommandContext = {
    env,
    // Under `npm run` the working directory is the repository's; this is where the person typed.
    cwd: env.INIT_CWD ?? process.cwd(),
    isTerminal: process.stdout.isTTY === true,
    output: process.stdout,
    columns: () => process.stderr.columns || 80,
    print: (line) => void process.stdout.write(`${line}\n`),
    complain: (line) => void process.stderr.write(`custody: ${line}\n`),
    ...(process.stderr.isTTY && {
      progress: (text: string) => void process.stderr.write(`\r\u001b[K${text}`),
    }),
    ...(process.stdin.isTTY && process.stderr.isTTY && { ask }),
  }
  let code = 0
  const program = describe((run) => async (...given) => {
    code = await run(context, ...given)
  })
  try {
    await program.parseAsync([...args], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const message =
      error instanceof CustodyError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error)
    context.complain(message)
    return 1
  }
}

/** On standard error: standard output may be read by a program. */
async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({
    ...{ input: process.stdin, output: process.stderr },
    // The terminal's own editing of lines: so Ctrl-C is a signal
    terminal: false,
  })
  try {
    const ended = once(terminal, 'close', { signal }).then(() => '')
    return await Promise.race([terminal.question(question, { signal }), ended])
  } finally {
    terminal.close()
  }
}

type Run<Args extends unknown[]> = (
  context: CommandContext,
  ...args: Args
) => Promise<number>
type Wrap = <Args extends unknown[]>(run: Run<Args>) => (...args: Args) => Promise<void>

function describe(run: Wrap): Command {
  const program = new Command('custody')
    .description('A self-hosted files service for LLM stacks, with a tamper-evident log.')
    .version(VERSION, '-V, --version')
    .exitOverride()
    .showHelpAfterError()

  program
    .command('serve')
    .description('serve the API')
    .option('--host <address>', 'address to listen on')
    .option('--port <number>', 'port to listen on; 0 takes a free one', toNumber)
    .option('--data-dir <folder>', 'folder of the database, blobs and staging')
    .option('--config <file>', 'configuration file')
    .option(
      '--accept-rollback',
      'begin a new epoch, with a new key, where the log does not continue what it has signed',
    )
    .action((flags) => run(serve)(flags))

  program
    .command('validate')
    .description('ask the plugins about a file, without a server')
    .argument('<file>')
    .requiredOption('--purpose <purpose>', 'what the file is for')
    .option('--json', 'print the report as JSON')
    .action((file, flags) => run(validate)(file, flags))

  const audit = program.command('audit').description('look into the log')
  audit
    .command('show')
    .description('every event of a file')
    .argument('<file-id>')
    .option('--json', 'one JSON object for each event')
    .action((id, flags) => run(auditShow)(id, flags))
  audit
    .command('replay')
    .description('build the index again from the log, and compare')
    .action(() => run(auditReplay)())
  audit
    .command('verify')
    .description('compute again all that the log says of itself, and compare')
    .argument(
      '[export]',
      'a file that `audit export` wrote, or -: it is verified by itself (default: the data folder)',
    )
    .option(
      '--checkpoint <file>',
      'a checkpoint that was kept: the log must extend it; of several, each',
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .option(
      '--key <key>',
      'verifier key of the checkpoint, or a file with such keys (default: log.vkey in the data folder)',
    )
    .option('--blobs', 'read the content of every file, too')
    .option('--json', 'print the report as one JSON object')
    .action((file, flags) => run(auditVerify)(file, flags))
  audit
    .command('export')
    .description('the whole log in one file that can be verified and imported')
    .argument('[file]', 'where to; - is standard output', '-')
    .option('--blobs', 'with the content of live files, as it was uploaded')
    .action((file, flags) => run(auditExport)(file, flags))
  audit
    .command('verify-receipt')
    .description('whether a receipt holds; needs no server')
    .argument('<file>')
    .option(
      '--key <key>',
      'verifier key of the log, or a file with such keys (default: log.vkey in the data folder)',
    )
    .option('--content <file>', 'the content that the receipt is to be about')
    .option('--json', 'print what it shows as one JSON object')
    .action((file, flags) => run(auditVerifyReceipt)(file, flags))
  audit
    .command('checkpoint')
    .description('the log as it is now, signed: keep it elsewhere')
    .option('--out <file>', 'write it to a file')
    .action((flags) => run(auditCheckpoint)(flags))
  audit
    .command('proof')
    .description('that the upload of a file is in the log, with a checkpoint')
    .argument('<file-id>')
    .option('--out <file>', 'write it to a file')
    .action((id, flags) => run(auditProof)(id, flags))

  describeFiles(program, (work) => run((context) => interruptible(context, work))())

  program
    .command('usage')
    .description('bytes and files of a project, by purpose')
    .option('--project <id>', 'the project (default: default)')
    .option('--json', 'one JSON object')
    .action((flags) => run(usage)(flags))

  const projects = program.command('projects').description('tenants')
  projects
    .command('create')
    .description('make a project; prints its id')
    .argument('<name>')
    .option('--dialect <dialect>', 'how its API looks on the wire')
    .action((name, flags) => run(createProject)(name, flags))
  projects
    .command('list')
    .description('all projects, archived ones too')
    .option('--json', 'one JSON object for each project')
    .action((flags) => run(listProjects)(flags))

  const keys = program.command('keys').description('API keys, and the master key')
  keys
    .command('create')
    .description('make a service account with one key; prints the key this once')
    .argument('<name>')
    .option('--project <id>', 'the project (default: default)')
    .option(
      '--scopes <list>',
      'separated by commas (default: read, write and audit.read)',
    )
    .option('--expires-in <seconds>', 'how long the key is good (default: for ever)')
    .option('--uploads-per-minute <number>', 'most that the key may begin')
    .option('--json', 'print everything as JSON')
    .action((name, flags) => run(createKey)(name, flags))
  keys
    .command('update')
    .description('change a key; what is not named stays')
    .argument('<key-id>')
    .option('--project <id>', 'the project (default: default)')
    .option('--scopes <list>', 'separated by commas; they take the place of the former')
    .option('--expires-in <seconds>', 'from now on; never: it does not expire')
    .option('--uploads-per-minute <number>', 'none: only the limit of the project')
    .option('--json', 'print everything as JSON')
    .action((id, flags) => run(updateKey)(id, flags))
  keys
    .command('list')
    .description('keys that are good, and when they were last used')
    .option('--project <id>', 'the project (default: default)')
    .option('--json', 'one JSON object for each key')
    .action((flags) => run(listKeys)(flags))
  keys
    .command('revoke')
    .description('end a key at once')
    .argument('<key-id>')
    .option('--project <id>', 'the project (default: default)')
    .action((id, flags) => run(revokeKey)(id, flags))
  keys
    .command('rotate-master')
    .description('put all keys of content under a new master key, while serving')
    .option('--json', 'print everything as JSON')
    .action((flags) => run(rotateMaster)(flags))

  program
    .command('erase')
    .description(
      'destroy what was said of a file, and its content; or the trail of a key',
    )
    .argument('[file-id]')
    .option('--project <id>', 'the project (default: default)')
    .option('--actor <key-id>', 'erase what this key has said, and revoke it')
    .option('--dry-run', 'say what --actor would erase')
    .option('--json', 'print everything as JSON')
    .action((file, flags) => run(erase)(file, flags))

  program
    .command('import')
    .description('make a deployment of an export, in a data folder that has none')
    .argument('<export>', 'a file that `audit export` wrote; - is standard input')
    .option(
      '--key <key>',
      'verifier key that must have signed it, or a file with such keys (default: those that its own log names)',
    )
    .option(
      '--checkpoint <file>',
      'a checkpoint that was kept: the log must extend it; of several, each',
      (file: string, before: readonly string[] = []) => [...before, file],
    )
    .option('--without-content', 'import files whose content is not in the export, too')
    .action((file, flags) => run(importLog)(file, flags))

  const consumers = program.command('consumers').description('durable readers of the log')
  consumers
    .command('list')
    .description('where each one stands')
    .action(() => run(listConsumers)())
  consumers
    .command('resume')
    .description('let a stopped one try again')
    .argument('<name>')
    .action((name) => run(resumeConsumer)(name))
  consumers
    .command('skip')
    .description('let a stopped one pass over an event')
    .argument('<name>')
    .argument('<position>')
    .action((name, position) => run(skipEvent)(name, position))

  program
    .command('sweep')
    .description('look for content without an event, and events without their content')
    .option('--dry-run', 'find, and remove nothing')
    .option('--force', 'remove more than the larger of 1 % and 20 objects')
    .action((flags) => run(sweep)(flags))
  program
    .command('scrub')
    .description('read stored content again, and write down in the log what is damaged')
    .argument('[file-id...]', 'only these files (default: all, of all projects)')
    .option('--from <cursor>', 'go on where a scrub was interrupted')
    .option('--rate <number>', 'most MiB to read in a second', toNumber)
    .option('--json', 'print the report as one JSON object')
    .action((files, flags) => run(scrub)(files, flags))
  program
    .command('doctor')
    .description('look at everything that can be looked at, and say what to do')
    .option('--quick', 'leave out what reads all of the log or all content')
    .option('--json', 'print the report as one JSON object')
    .option('--accept-clock', 'say in the log that the clock is right; looks at nothing')
    .action((flags) => run(doctor)(flags))
  const index = program.command('index').description('what lists and look-ups read')
  for (const [parent, hidden] of [
    [index, false],
    [program, true],
  ] as const) {
    parent
      .command('rebuild', { hidden })
      .description('build the index anew from the log, beside the live one')
      .argument('[projection...]', 'files, directory, … (default: all)')
      .action((names) => run(rebuildIndex)(names))
  }

  const backups = program
    .command('backup')
    .description('copy the deployment to a folder, beside a server or without one')
    .argument('<folder>', 'where: new, empty, or that of the backup before')
    .option('--keys <folder>', 'back up the keys, too, into a folder of their own')
    .option('--link', 'hard links in place of copies of content, on one file system')
    .option('--data-dir <folder>', 'folder of the database, blobs and staging')
    .option('--json', 'print what was done as one JSON object')
    .action((folder, flags) => run(backup)(folder, flags))
  backups
    .command('verify')
    .description('read all that a backup has, and compare')
    .argument('<folder>')
    .option('--json', 'print the report as one JSON object')
    .action((folder, _, command) => run(verifyBackup)(folder, command.optsWithGlobals()))
  program
    .command('restore')
    .description('make a deployment of a backup, in a data folder that is new')
    .argument('<folder>', 'of the backup')
    .option('--keys <folder>', 'where the keys of the backup are')
    .option(
      '--erasures <file>',
      'a list of erasures (erasures.log) that is newer than the backup',
    )
    .option(
      '--checkpoint <file>',
      'the last checkpoint that is known of the log as it was',
    )
    .option('--skip-damaged', 'leave out content that is damaged in the backup')
    .option('--data-dir <folder>', 'where to: new or empty')
    .option('--json', 'print what was done as one JSON object')
    .action((folder, flags) => run(restore)(folder, flags))

  return program
}

/** What is no number stays text, and the check of the settings refuses it by name. */
function toNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}
