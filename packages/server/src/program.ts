import { Command } from 'commander'
import type { CommandContext } from './commands/command-context.ts'
import { describeFiles } from './commands/files-program.ts'
import { interruptible } from './commands/interruptible.ts'
import { VERSION } from './version.ts'

/** Runs a command. Its module is loaded then: no command waits for the others'. */
type Start = (work: (context: CommandContext) => Promise<number>) => Promise<void>

/** All commands, their flags and what they are for. */
export function describeProgram(run: Start): Command {
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
    .action((flags) =>
      run(async (context) => (await import('./commands/serve.ts')).serve(context, flags)),
    )

  program
    .command('validate')
    .description('ask the plugins about a file, without a server')
    .argument('<file>')
    .requiredOption('--purpose <purpose>', 'what the file is for')
    .option('--json', 'print the report as JSON')
    .action((file, flags) =>
      run(async (context) =>
        (await import('./commands/validate.ts')).validate(context, file, flags),
      ),
    )

  const audit = program.command('audit').description('look into the log')
  audit
    .command('show')
    .description('every event of a file')
    .argument('<file-id>')
    .option('--json', 'one JSON object for each event')
    .action((id, flags) =>
      run(async (context) =>
        (await import('./commands/audit.ts')).auditShow(context, id, flags),
      ),
    )
  audit
    .command('replay')
    .description('build the index again from the log, and compare')
    .action(() =>
      run(async (context) => (await import('./commands/audit.ts')).auditReplay(context)),
    )
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
      'verifier key of the log, or a file with such keys (default: log.vkey in the data folder)',
    )
    .option('--blobs', 'read the content of every file, too')
    .option('--json', 'print the report as one JSON object')
    .action((file, flags) =>
      run(async (context) =>
        (await import('./commands/audit-verify.ts')).auditVerify(context, file, flags),
      ),
    )
  audit
    .command('export')
    .description('the whole log in one file that can be verified and imported')
    .argument('[file]', 'where to; - is standard output', '-')
    .option('--blobs', 'with the content of live files, as it was uploaded')
    .action((file, flags) =>
      run(async (context) =>
        (await import('./commands/audit-export.ts')).auditExport(context, file, flags),
      ),
    )
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
    .action((file, flags) =>
      run(async (context) =>
        (await import('./commands/audit-receipt.ts')).auditVerifyReceipt(
          context,
          file,
          flags,
        ),
      ),
    )
  audit
    .command('checkpoint')
    .description('the log as it is now, signed: keep it elsewhere')
    .option('--out <file>', 'write it to a file')
    .action((flags) =>
      run(async (context) =>
        (await import('./commands/audit-checkpoint.ts')).auditCheckpoint(context, flags),
      ),
    )
  audit
    .command('proof')
    .description('that the upload of a file is in the log, with a checkpoint')
    .argument('<file-id>')
    .option('--out <file>', 'write it to a file')
    .action((id, flags) =>
      run(async (context) =>
        (await import('./commands/audit-checkpoint.ts')).auditProof(context, id, flags),
      ),
    )

  describeFiles(program, (work) => run((context) => interruptible(context, work)))

  program
    .command('usage')
    .description('bytes and files of a project, by purpose')
    .option('--project <id>', 'the project (default: default)')
    .option('--json', 'one JSON object')
    .action((flags) =>
      run(async (context) => (await import('./commands/usage.ts')).usage(context, flags)),
    )

  const projects = program.command('projects').description('tenants')
  projects
    .command('create')
    .description('make a project; prints its id')
    .argument('<name>')
    .option('--dialect <dialect>', 'how its API looks on the wire')
    .action((name, flags) =>
      run(async (context) =>
        (await import('./commands/projects.ts')).createProject(context, name, flags),
      ),
    )
  projects
    .command('list')
    .description('all projects, archived ones too')
    .option('--json', 'one JSON object for each project')
    .action((flags) =>
      run(async (context) =>
        (await import('./commands/projects.ts')).listProjects(context, flags),
      ),
    )

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
    .action((name, flags) =>
      run(async (context) =>
        (await import('./commands/keys.ts')).createKey(context, name, flags),
      ),
    )
  keys
    .command('update')
    .description('change a key; what is not named stays')
    .argument('<key-id>')
    .option('--project <id>', 'the project (default: default)')
    .option('--scopes <list>', 'separated by commas; they take the place of the former')
    .option('--expires-in <seconds>', 'from now on; never: it does not expire')
    .option('--uploads-per-minute <number>', 'none: only the limit of the project')
    .option('--json', 'print everything as JSON')
    .action((id, flags) =>
      run(async (context) =>
        (await import('./commands/keys.ts')).updateKey(context, id, flags),
      ),
    )
  keys
    .command('list')
    .description('keys that are good, and when they were last used')
    .option('--project <id>', 'the project (default: default)')
    .option('--json', 'one JSON object for each key')
    .action((flags) =>
      run(async (context) =>
        (await import('./commands/keys.ts')).listKeys(context, flags),
      ),
    )
  keys
    .command('revoke')
    .description('end a key at once')
    .argument('<key-id>')
    .option('--project <id>', 'the project (default: default)')
    .action((id, flags) =>
      run(async (context) =>
        (await import('./commands/keys.ts')).revokeKey(context, id, flags),
      ),
    )
  keys
    .command('rotate-master')
    .description('put all keys of content under a new master key, while serving')
    .option('--json', 'print everything as JSON')
    .action((flags) =>
      run(async (context) =>
        (await import('./commands/rotate-master.ts')).rotateMaster(context, flags),
      ),
    )

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
    .action((file, flags) =>
      run(async (context) =>
        (await import('./commands/erase.ts')).erase(context, file, flags),
      ),
    )

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
    .action((file, flags) =>
      run(async (context) =>
        (await import('./commands/import.ts')).importLog(context, file, flags),
      ),
    )

  const consumers = program.command('consumers').description('durable readers of the log')
  consumers
    .command('list')
    .description('where each one stands')
    .action(() =>
      run(async (context) =>
        (await import('./commands/consumers.ts')).listConsumers(context),
      ),
    )
  consumers
    .command('resume')
    .description('let a stopped one try again')
    .argument('<name>')
    .action((name) =>
      run(async (context) =>
        (await import('./commands/consumers.ts')).resumeConsumer(context, name),
      ),
    )
  consumers
    .command('skip')
    .description('let a stopped one pass over an event')
    .argument('<name>')
    .argument('<position>')
    .action((name, position) =>
      run(async (context) =>
        (await import('./commands/consumers.ts')).skipEvent(context, name, position),
      ),
    )

  program
    .command('sweep')
    .description('look for content without an event, and events without their content')
    .option('--dry-run', 'find, and remove nothing')
    .option('--force', 'remove more than the larger of 1 % and 20 objects')
    .action((flags) =>
      run(async (context) =>
        (await import('./commands/maintenance.ts')).sweep(context, flags),
      ),
    )
  program
    .command('scrub')
    .description('read stored content again, and write down in the log what is damaged')
    .argument('[file-id...]', 'only these files (default: all, of all projects)')
    .option('--from <cursor>', 'go on where a scrub was interrupted')
    .option('--rate <number>', 'most MiB to read in a second', toNumber)
    .option('--json', 'print the report as one JSON object')
    .action((files, flags) =>
      run(async (context) =>
        (await import('./commands/scrub.ts')).scrub(context, files, flags),
      ),
    )
  program
    .command('doctor')
    .description('look at everything that can be looked at, and say what to do')
    .option('--quick', 'leave out what reads all of the log or all content')
    .option('--json', 'print the report as one JSON object')
    .option('--accept-clock', 'say in the log that the clock is right; looks at nothing')
    .action((flags) =>
      run(async (context) =>
        (await import('./commands/doctor.ts')).doctor(context, flags),
      ),
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
          (await import('./commands/index-rebuild.ts')).rebuildIndex(context, names),
        ),
      )
  }

  const backups = program
    .command('backup')
    .description('copy the deployment to a folder, beside a server or without one')
    .argument('<folder>', 'where: new, empty, or that of the backup before')
    .option('--keys <folder>', 'back up the keys, too, into a folder of their own')
    .option('--link', 'hard links in place of copies of content, on one file system')
    .option('--data-dir <folder>', 'folder of the database, blobs and staging')
    .option('--json', 'print what was done as one JSON object')
    .action((folder, flags) =>
      run(async (context) =>
        (await import('./commands/backup.ts')).backup(context, folder, flags),
      ),
    )
  backups
    .command('verify')
    .description('read all that a backup has, and compare')
    .argument('<folder>')
    .option('--json', 'print the report as one JSON object')
    .action((folder, _, command) =>
      run(async (context) =>
        (await import('./commands/backup.ts')).verifyBackup(
          context,
          folder,
          command.optsWithGlobals(),
        ),
      ),
    )
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
    .action((folder, flags) =>
      run(async (context) =>
        (await import('./commands/restore.ts')).restore(context, folder, flags),
      ),
    )

  return program
}

/** What is no number stays text, and the check of the settings refuses it by name. */
function toNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text
}
