import type { Command } from 'commander'
import type { Start } from '../start.ts'

/** `custody audit …` */
export function describeAudit(program: Command, run: Start): void {
  const audit = program.command('audit').description('look into the log')
  audit
    .command('show')
    .description('every event of a file')
    .argument('<file-id>')
    .option('--json', 'one JSON object for each event')
    .action((id, flags) =>
      run(async (context) =>
        (await import('./audit-show.ts')).auditShow(context, id, flags),
      ),
    )
  audit
    .command('replay')
    .description('build the index again from the log, and compare')
    .action(() =>
      run(async (context) => (await import('./audit-replay.ts')).auditReplay(context)),
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
        (await import('./audit-verify.ts')).auditVerify(context, file, flags),
      ),
    )
  audit
    .command('export')
    .description('the whole log in one file that can be verified and imported')
    .argument('[file]', 'where to; - is standard output', '-')
    .option('--blobs', 'with the content of live files, as it was uploaded')
    .action((file, flags) =>
      run(async (context) =>
        (await import('./audit-export.ts')).auditExport(context, file, flags),
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
        (await import('./audit-receipt.ts')).auditVerifyReceipt(context, file, flags),
      ),
    )
  audit
    .command('checkpoint')
    .description('the log as it is now, signed: keep it elsewhere')
    .option('--out <file>', 'write it to a file')
    .action((flags) =>
      run(async (context) =>
        (await import('./audit-checkpoint.ts')).auditCheckpoint(context, flags),
      ),
    )
  audit
    .command('proof')
    .description('that the upload of a file is in the log, with a checkpoint')
    .argument('<file-id>')
    .option('--out <file>', 'write it to a file')
    .action((id, flags) =>
      run(async (context) =>
        (await import('./audit-checkpoint.ts')).auditProof(context, id, flags),
      ),
    )
}

/** `custody import` */
export function describeImport(program: Command, run: Start): void {
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
        (await import('./import.ts')).importLog(context, file, flags),
      ),
    )
}
