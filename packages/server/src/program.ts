import { Command } from 'commander'
import { describeAudit, describeImport } from './commands/audit/audit-program.ts'
import { describeBackups } from './commands/backup/backup-program.ts'
import { describeFiles } from './commands/files/files-program.ts'
import type { Start } from './commands/start.ts'
import { describeTenants } from './commands/tenants/tenants-program.ts'
import { toNumber } from './commands/to-number.ts'
import { describeUpkeep } from './commands/upkeep/upkeep-program.ts'
import { interruptible } from './terminal/interruptible.ts'
import { VERSION } from './version.ts'

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

  describeAudit(program, run)
  describeFiles(program, (work) => run((context) => interruptible(context, work)))
  describeTenants(program, run)
  describeImport(program, run)
  describeUpkeep(program, run)
  describeBackups(program, run)
  return program
}
