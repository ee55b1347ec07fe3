// 客户页面的文字。

import type { Status } from "../shared/contract.ts";
import type { Words } from "./words.ts";

const HEADLINE: Record<Status, (who: string) => string> = {
  scheduled: (who) => `${who}将按约上门`,
  rescheduled: () => "上门时间已更改",
  on_the_way: (who) => `${who}正在来您家的路上`,
  nearby: (who) => `${who}就快到了`,
  at_compound: (who) => `${who}已到您的小区`,
  arrived: (who) => `${who}已到您家`,
  in_service: () => "服务正在进行",
  stepped_out: (who) => `${who}暂时离开一会儿`,
  finished: () => "本次服务已完成",
  missed: () => "正在为您核实上门情况",
  no_access: (who) => `${who}正在等您开门`,
  cancelled: () => "本次预约已取消",
};

const CHIP: Record<Status, string> = {
  scheduled: "待上门",
  rescheduled: "已改期",
  on_the_way: "已出发",
  nearby: "即将到达",
  at_compound: "已到小区",
  arrived: "已上门",
  in_service: "服务中",
  stepped_out: "暂离",
  finished: "已完成",
  missed: "核实中",
  no_access: "等候开门",
  cancelled: "已取消",
};

export const zh: Words = {
  otherLanguage: "English",
  otherLanguageLabel: "Switch to English",
  someone: "服务人员",
  brandLabel: "上门服务进度",

  chip: CHIP,
  step: {
    scheduled: "已预约",
    rescheduled: "已改期",
    on_the_way: "已出发",
    nearby: "即将到达",
    at_compound: "已到小区",
    arrived: "已上门",
    in_service: "开始服务",
    stepped_out: "暂时离开",
    finished: "已完成",
    missed: "正在核实",
    no_access: "等候开门",
    cancelled: "已取消",
  },
  ahead: { on_the_way: "出发", arrived: "上门", in_service: "服务", finished: "完成" },
  stepState: { done: "已发生", now: "当前", ahead: "接下来" },
  stepsTitle: "进度",

  headline: (status, who) => HEADLINE[status](who),
  headlineNobodyYet: "正在为您安排服务人员",
  headlineOverdue: "正在为您核实出发情况",
  headlineNotMet: "这次没能见到您",
  scheduled: (who) => `${who}出发后，这里会显示位置和预计到达时间。`,
  nobodyYet: "安排好后会显示在这里，约定的时间不变。",
  overdue: "已到约定时间，还没有收到出发的消息。正在为您核实，请稍候。",
  rescheduled: (who) => `新的约定时间见下方。${who}出发后，这里会显示位置和预计到达时间。`,
  setOut: (clock) => `${clock} 出发`,
  nearby: "请留意门铃。",
  atCompound: "马上就到门口，请留意门铃。",
  arrived: (clock) => `${clock} 到达`,
  inService: (clock) => `${clock} 开始`,
  steppedOut: (clock) => `${clock} 离开，回来后继续服务。`,
  missed: "已过约定时间，还没有收到到达的消息。正在为您核实，请稍候。",
  noAccess: "人已在门口，请留意门铃或电话。",
  notMet: (who, clock) => `${who} ${clock} 到达，等候后离开。如需重新预约，请联系您的服务方。`,
  finished: "感谢您的信任。",
  cancelled: "如需重新预约，请联系您的服务方。",

  etaLabel: "预计到达",
  about: (duration) => `约 ${duration}后`,
  anyMinute: "马上就到",
  anyTime: "随时可能到达",
  between: (span) => `${span} 之间`,
  atLatest: (clock) => `最晚约 ${clock}`,
  estimateTag: "估算",
  estimateHow: "按直线距离与近期速度",
  beyond: (duration) => `可能比约定晚约 ${duration}，抱歉让您久等。`,
  promised: "约定时间",
  zone: (name) => `按${name}`,

  served: (done, planned) => `已服务 ${done} · 计划 ${planned}`,
  endsAbout: (clock) => `预计 ${clock} 左右结束`,
  progressLabel: "服务进度",

  mapTitle: "位置",
  mapLabel: (who) => `地图：您家与${who}的位置`,
  markerLabel: (who) => `${who}的位置`,
  homeLabel: "您家",
  recentre: "回到全程",
  twoFingers: "请用两指移动地图",
  ctrlScroll: "按住 Ctrl 并滚动以缩放地图",
  noMap: "此设备无法显示地图，以方向和距离代替。",
  mapLoading: "正在载入地图",
  distance: (who, distance, direction) => `${who}在您家${direction}约 ${distance}（直线）`,
  atYourDoor: (who) => `${who}就在您家附近`,
  directions: ["以北", "东北方向", "以东", "东南方向", "以南", "西南方向", "以西", "西北方向"],
  updatedNow: "刚刚更新",
  updated: (ago) => `${ago}前更新`,

  stale: (ago) => `位置更新于 ${ago}前，正在等待新的位置。`,
  withheld: {
    not_on_the_way: "出发后才显示位置。",
    near_other_site: "正路过其他住户附近，为保护隐私暂不显示位置。预计到达时间照常更新。",
    no_fix: "正在等待第一个位置。",
  },
  privacy: "位置只在来您家的路上显示，到达后即不再显示。",

  summaryTitle: "本次服务",
  summary: { arrived: "到达", began: "开始", finished: "结束", duration: "服务时长", promised: "约定时间" },
  detailsTitle: "预约信息",
  details: { service: "服务", place: "地点", planned: "计划时长" },

  connection: {
    connecting: "正在连接",
    live: "实时更新",
    reconnecting: "正在重新连接",
    offline: "网络已断开",
    closed: "已结束",
  },
  shownAsOf: (clock) => `显示的是 ${clock} 的情况，恢复后会自动更新。`,
  demoClock: (rate, clock) => `演示时间 ×${rate} · ${clock}`,
  replayClock: (clock) => `回放时间 · ${clock}`,

  loading: "正在打开",
  expiredTitle: "这个链接已过期",
  expired: "为保护隐私，链接只在一段时间内有效。如需查看，请向您的服务方索取新的链接。",
  invalidTitle: "这个链接无法打开",
  invalid: "链接可能没有复制完整。请从收到的消息中重新打开，或向您的服务方索取新的链接。",

  duration: (seconds) => {
    const minutes = Math.max(1, Math.round(seconds / 60));
    if (minutes < 60) return `${minutes} 分钟`;
    const rest = minutes % 60;
    return `${Math.floor(minutes / 60)} 小时${rest ? ` ${rest} 分钟` : ""}`;
  },
  metres: (m) =>
    m < 950 ? `${Math.max(10, Math.round(m / 10) * 10)} 米` : `${Number((m / 1000).toFixed(m < 9950 ? 1 : 0))} 公里`,
  title: (status, who, etaClock) => (etaClock ? `${etaClock} 到 · ${who}` : `${CHIP[status]} · ${who}`),
};
