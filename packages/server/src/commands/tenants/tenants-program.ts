import type { Command } from 'commander'
import type { Start } from '../start.ts'

/** `custody usage`, `projects …`, `keys …` and `erase` */
export function describeTenants(program: Command, run: Start): void {
  program
    .command('usage')
    .description('bytes and files of a project, by purpose')
    .option('--project <id>', 'the project (default: default)')
    .option('--json', 'one JSON object')
    .action((flags) =>
      run(async (context) => (await import('./usage.ts')).usage(context, flags)),
    )

  const projects = program.command('projects').description('tenants')
  projects
    .command('create')
    .description('make a project; prints its id')
    .argument('<name>')
    .option('--dialect <dialect>', 'how its API looks on the wire')
    .action((name, flags) =>
      run(async (context) =>
        (await import('./projects.ts')).createProject(context, name, flags),
      ),
    )
  projects
    .command('list')
    .description('all projects, archived ones too')
    .option('--json', 'one JSON object for each project')
    .action((flags) =>
      run(async (context) =>
        (await import('./projects.ts')).listProjects(context, flags),
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
      run(async (context) => (await import('./keys.ts')).createKey(context, name, flags)),
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
      run(async (context) => (await import('./keys.ts')).updateKey(context, id, flags)),
    )
  keys
    .command('list')
    .description('keys that are good, and when they were last used')
    .option('--project <id>', 'the project (default: default)')
    .option('--json', 'one JSON object for each key')
    .action((flags) =>
      run(async (context) => (await import('./keys.ts')).listKeys(context, flags)),
    )
  keys
    .command('revoke')
    .description('end a key at once')
    .argument('<key-id>')
    .option('--project <id>', 'the project (default: default)')
    .action((id, flags) =>
      run(async (context) => (await import('./keys.ts')).revokeKey(context, id, flags)),
    )
  keys
    .command('rotate-master')
    .description('put all keys of content under a new master key, while serving')
    .option('--json', 'print everything as JSON')
    .action((flags) =>
      run(async (context) =>
        (await import('./rotate-master.ts')).rotateMaster(context, flags),
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
      run(async (context) => (await import('./erase.ts')).erase(context, file, flags)),
    )
}
