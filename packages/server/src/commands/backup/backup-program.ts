import type { Command } from 'commander'
import type { Start } from '../start.ts'

/** `custody backup …` and `restore` */
export function describeBackups(program: Command, run: Start): void {
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
        (await import('./backup.ts')).backup(context, folder, flags),
      ),
    )
  backups
    .command('verify')
    .description('read all that a backup has, and compare')
    .argument('<folder>')
    .option('--json', 'print the report as one JSON object')
    .action((folder, _, command) =>
      run(async (context) =>
        (await import('./backup.ts')).verifyBackup(
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
        (await import('./restore.ts')).restore(context, folder, flags),
      ),
    )
}
