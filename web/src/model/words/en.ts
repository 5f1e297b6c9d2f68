// English. Keys are `page.what`; a page's keys stand together, and `zh.ts` holds the same keys (the compiler looks).
export const en = {
  // things that are done everywhere
  "act.again": "Again",
  "act.cancel": "Cancel",
  "act.close": "Close",
  "act.copied": "Copied",
  "act.copy": "Copy",
  "act.delete": "Delete",
  "act.more": "More",
  "act.next": "Next",
  "act.previous": "Previous",
  "act.save": "Save",
  "act.secret": "Text to copy",
  "act.undo": "Undo",

  // the keyboard
  "keys.everywhere": "Everywhere",
  "keys.jobs": "To the jobs",
  "keys.search": "Search the work list",
  "keys.studies": "To the studies",
  "keys.theme": "Dark or light",
  "keys.this": "This overview",
  "keys.title": "Keyboard",

  // roles and scopes
  "role.admin": "administrator",
  "role.planner": "planner",
  "role.reader": "reader",
  "scope.admin": "administrate",
  "scope.read": "read",
  "scope.write": "read and write",

  // the shell
  "shell.account": "Account of {name}",
  "shell.closed": "Not for your role",
  "shell.closed_detail": "Your role does not include this page. An administrator can change that.",
  "shell.crumb": "Where you are",
  "shell.dark": "Dark",
  "shell.draw_first": "This study has no drawing yet: draw it first.",
  "shell.fault": "Something went wrong here",
  "shell.home": "Limner, to the studies",
  "shell.leaving": "You have been still for a while. In {time} you will be logged out; nothing that was saved is lost.",
  "shell.light": "Light",
  "shell.loading": "Loading…",
  "shell.log_out": "Log out",
  "shell.not_clinical": "Not for clinical use",
  "shell.notices": "Notices",
  "shell.nowhere": "There is no such page",
  "shell.nowhere_detail": "The address may be mistyped, or what it named was deleted.",
  "shell.offline": "The server does not answer. What is on the screen stays; we try again every few seconds.",
  "shell.pages": "Pages",
  "shell.reload": "Reload",
  "shell.silent": "The server does not answer",
  "shell.silent_detail": "Nothing was changed. Try again when the notice at the top has gone.",
  "shell.skip": "Skip to the page",
  "shell.stale": "This page could not be loaded",
  "shell.stale_detail": "The workstation was probably renewed while it was open. Reload to get the new one; your address is kept.",
  "shell.stay": "Stay logged in",
  "shell.to_studies": "To the studies",
  "shell.try_again": "Try again",
  "shell.version": "version {n}",
  "shell.ways": "This study",

  // times
  "time.now": "just now",

  // one's own API tokens
  "tokens.make": "Make a token",
  "tokens.name": "What it is for",
  "tokens.name_hint": "e.g. nightly export",
  "tokens.once": "Copy it now: it is not shown again.",
  "tokens.remove": "Remove {name}",
  "tokens.scope": "It may",
  "tokens.text": "A token lets a program act as you, within its scope: send it as “Authorization: Bearer …”.",
  "tokens.title": "API tokens",
  "tokens.unused": "never used",
  "tokens.used": "last used {time}",

  // login and invitation
  "login.title": "Log in",
  "invite.title": "Invitation",

  // studies
  "studies.nameless": "No name",
  "studies.search": "Patient, id or description",
  "studies.title": "Studies",

  // read
  "read.title": "Read",

  // correct
  "correct.title": "Correct",

  // plan
  "plan.title": "Plan",

  // forecast
  "forecast.title": "Forecast",

  // explain
  "explain.title": "Explain",

  // generate
  "generate.title": "Generate",

  // packs
  "packs.title": "Packs",

  // jobs
  "jobs.active": "{n} jobs at work",
  "jobs.active_one": "1 job at work",
  "jobs.done_notice": "{kind}: done",
  "jobs.failed_notice": "{kind}: failed",
  "jobs.kind_correct": "Correction",
  "jobs.kind_draw": "Drawing",
  "jobs.kind_explain": "Explanation",
  "jobs.kind_forecast": "Forecast",
  "jobs.kind_generate": "Generation",
  "jobs.kind_pacs": "Fetch from PACS",
  "jobs.kind_plan": "Plan",
  "jobs.none_active": "No job at work",
  "jobs.title": "Jobs",

  // admin
  "admin.title": "Admin",
} as const;
