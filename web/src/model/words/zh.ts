// 简体中文。键与 en.ts 相同，由编译器核对。
import type { Catalogue } from "./index";

export const zh: Catalogue = {
  // things that are done everywhere
  "act.again": "重试",
  "act.cancel": "取消",
  "act.close": "关闭",
  "act.copied": "已复制",
  "act.copy": "复制",
  "act.delete": "删除",
  "act.more": "更多",
  "act.next": "下一页",
  "act.previous": "上一页",
  "act.save": "保存",
  "act.secret": "待复制的文本",
  "act.undo": "撤销",

  // the keyboard
  "keys.everywhere": "全局",
  "keys.jobs": "转到任务",
  "keys.search": "搜索工作列表",
  "keys.studies": "转到检查列表",
  "keys.theme": "切换深色与浅色",
  "keys.this": "显示本概览",
  "keys.title": "键盘快捷键",

  // roles and scopes
  "role.admin": "管理员",
  "role.planner": "规划医师",
  "role.reader": "阅片医师",
  "scope.admin": "管理",
  "scope.read": "只读",
  "scope.write": "读写",

  // the shell
  "shell.account": "{name} 的账户",
  "shell.closed": "您的角色无权访问",
  "shell.closed_detail": "您的角色不包含此页面，管理员可以更改。",
  "shell.crumb": "当前位置",
  "shell.dark": "深色",
  "shell.draw_first": "此检查尚无绘图，请先绘图。",
  "shell.fault": "此处出现错误",
  "shell.home": "Limner，返回检查列表",
  "shell.leaving": "您已有一段时间没有操作，{time} 后将自动退出登录；已保存的内容不会丢失。",
  "shell.light": "浅色",
  "shell.loading": "正在加载…",
  "shell.log_out": "退出登录",
  "shell.not_clinical": "不得用于临床",
  "shell.notices": "通知",
  "shell.nowhere": "没有这个页面",
  "shell.nowhere_detail": "地址可能有误，或其所指内容已被删除。",
  "shell.offline": "服务器没有响应。屏幕上的内容会保留，我们每隔几秒重试一次。",
  "shell.pages": "页面",
  "shell.reload": "重新加载",
  "shell.silent": "服务器没有响应",
  "shell.silent_detail": "没有任何更改。待顶部提示消失后请重试。",
  "shell.skip": "跳到页面内容",
  "shell.stale": "无法加载此页面",
  "shell.stale_detail": "工作站可能在打开期间已更新。请重新加载，地址会保留。",
  "shell.stay": "保持登录",
  "shell.to_studies": "返回检查列表",
  "shell.try_again": "重试",
  "shell.version": "第 {n} 版",
  "shell.ways": "此检查",

  // times
  "time.now": "刚刚",

  // one's own API tokens
  "tokens.make": "创建令牌",
  "tokens.name": "用途",
  "tokens.name_hint": "例如：夜间导出",
  "tokens.once": "请立即复制：令牌不会再次显示。",
  "tokens.remove": "移除 {name}",
  "tokens.scope": "权限",
  "tokens.text": "令牌允许程序在其权限范围内以您的身份操作：以“Authorization: Bearer …”发送。",
  "tokens.title": "API 令牌",
  "tokens.unused": "从未使用",
  "tokens.used": "上次使用：{time}",

  // login and invitation
  "login.title": "登录",
  "invite.title": "邀请",

  // studies
  "studies.nameless": "无姓名",
  "studies.search": "患者、编号或描述",
  "studies.title": "检查",

  // read
  "read.title": "阅片",

  // correct
  "correct.title": "修正",

  // plan
  "plan.title": "规划",

  // forecast
  "forecast.title": "预测",

  // explain
  "explain.title": "解释",

  // generate
  "generate.title": "生成",

  // packs
  "packs.title": "模型包",

  // jobs
  "jobs.active": "{n} 个任务进行中",
  "jobs.active_one": "1 个任务进行中",
  "jobs.done_notice": "{kind}：已完成",
  "jobs.failed_notice": "{kind}：失败",
  "jobs.kind_correct": "修正",
  "jobs.kind_draw": "绘图",
  "jobs.kind_explain": "解释",
  "jobs.kind_forecast": "预测",
  "jobs.kind_generate": "生成",
  "jobs.kind_pacs": "从 PACS 获取",
  "jobs.kind_plan": "规划",
  "jobs.none_active": "没有进行中的任务",
  "jobs.title": "任务",

  // admin
  "admin.title": "管理",
};
