import { addTypeIssue } from '../add-type-issue.ts'
import { isJsonObject, type JsonObject, typeWithArticle } from '../json-object.ts'
import { quote } from '../quote.ts'
import { addIssue, isHopeless, MAX_TOOL_NAMES, type Report } from '../report.ts'

/** Most functions that the deprecated `functions` may define. */
const MAX_FUNCTIONS = 128

/** `tools`: an array of `{type: 'function', function: {name, description?, parameters?, strict?}}`. */
export function checkTools(report: Report, tools: unknown, at: string): void {
  if (!Array.isArray(tools)) {
    addTypeIssue(report, at, 'an array of objects', tools)
    return
  }
  for (let n = 0; n < tools.length && !isHopeless(report); n += 1)
    checkTool(report, tools[n], `${at}[${n}]`)
}

/** `functions`, the deprecated form: an array of 1 to 128 `{name, description?, parameters?}`. */
export function checkFunctions(report: Report, functions: unknown): void {
  if (!Array.isArray(functions)) {
    addTypeIssue(report, 'functions', 'an array of objects', functions)
    return
  }
  if (functions.length < 1 || functions.length > MAX_FUNCTIONS) {
    const message = `Invalid 'functions': expected 1 to ${MAX_FUNCTIONS} functions, but got ${functions.length} instead.`
    addIssue(report, 'invalid_tool', message, 'functions')
    return
  }
  for (let n = 0; n < functions.length && !isHopeless(report); n += 1) {
    checkDefinition(report, functions[n], `functions[${n}]`)
  }
}

/** A function's name: 1 to 64 of `a-z A-Z 0-9 _ -`. */
export function isFunctionName(name: unknown): name is string {
  return typeof name === 'string' && /^[a-zA-Z0-9_-]{1,64}$/.test(name)
}

/** Whether `tools` (of any shape) define a function of this name. */
export function definesTool(tools: unknown, name: string): boolean {
  if (!Array.isArray(tools)) return false
  return tools.some(
    (tool) =>
      isJsonObject(tool) && isJsonObject(tool.function) && tool.function.name === name,
  )
}

function checkTool(report: Report, tool: unknown, at: string): void {
  if (!isJsonObject(tool)) {
    addTypeIssue(report, at, 'an object', tool)
  } else if (tool.type !== 'function') {
    const { type } = tool
    const shown = typeof type === 'string' ? quote(type) : typeWithArticle(type ?? null)
    const got = type === undefined ? 'it is missing' : `got ${shown} instead`
    const message = `Invalid tool type: expected 'function', but ${got}.`
    addIssue(report, 'invalid_tool', message, `${at}.type`)
  } else {
    checkDefinition(report, tool.function, `${at}.function`)
  }
}

function checkDefinition(report: Report, definition: unknown, at: string): void {
  if (!isJsonObject(definition)) {
    addTypeIssue(report, at, 'an object', definition)
    return
  }
  const { name, description, parameters, strict } = definition
  if (isFunctionName(name)) {
    if (report.toolNames.size < MAX_TOOL_NAMES) report.toolNames.add(name)
  } else if (typeof name === 'string') {
    const message = `Invalid function name ${quote(name)}: expected 1 to 64 of the characters a-z, A-Z, 0-9, '_' and '-'.`
    addIssue(report, 'invalid_tool', message, `${at}.name`)
  } else {
    addTypeIssue(report, `${at}.name`, 'a string', name)
  }
  if (description !== undefined && typeof description !== 'string') {
    addTypeIssue(report, `${at}.description`, 'a string', description)
  }
  if (parameters !== undefined) {
    checkParameters(report, parameters, `${at}.parameters`)
  }
  if (strict !== undefined && strict !== null && typeof strict !== 'boolean') {
    addTypeIssue(report, `${at}.strict`, 'a boolean', strict)
  }
}

/** Parameters are given by name: their JSON Schema is that of an object. */
function checkParameters(report: Report, parameters: unknown, at: string): void {
  if (!isJsonObject(parameters)) {
    addTypeIssue(report, at, 'a JSON Schema object', parameters)
  } else if (parameters.type !== undefined && parameters.type !== 'object') {
    const message = `Invalid schema for the parameters of a function: expected type 'object', but got ${shownType(parameters)} instead.`
    addIssue(report, 'invalid_tool', message, `${at}.type`)
  }
}

function shownType({ type }: JsonObject): string {
  return typeof type === 'string' ? quote(type) : typeWithArticle(type)
}
