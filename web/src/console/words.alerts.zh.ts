// 告警的文字：种类、状态、一句话说明、依据与处理。

/** 一句话里的数字，按参数名取：时刻、时长、距离已按读法写好；没有的是 null。 */
export type Figure = (name: string) => string | null;

const or = (text: string | null): string => text ?? "–";

export const alertsZh = {
  title: "告警",
  open: (count: number) => `${count} 条待处理`,
  none: "目前没有需要处理的告警。",
  noneSuch: "没有符合条件的告警。",
  rule: {
    sos: "紧急求助",
    no_show: "未上门",
    at_risk: "可能迟到",
    late: "迟到",
    left_site: "中途离开",
    check_in_away: "异地签到",
    implausible_jump: "位置跳变",
    silent_device: "设备失联",
  } as Record<string, string>,
  state: { open: "待处理", acknowledged: "已接手", resolved: "已解决", retracted: "系统已撤回" } as Record<string, string>,
  verdict: { true: "属实", false: "误报", excused: "免责" } as Record<string, string>,
  verdictHint: { true: "情况确实如此", false: "情况并非如此", excused: "确有其事，不追究" } as Record<string, string>,
  filterState: { active: "进行中", open: "待处理", acknowledged: "已接手", resolved: "已解决", retracted: "已撤回", all: "全部" } as Record<
    string,
    string
  >,
  stateLabel: "状态",
  kindLabel: "种类",
  allKinds: "全部种类",
  more: "更多",
  since: (moment: string) => `${moment} 起`,
  ended: (moment: string) => `${moment} 止`,
  goesOn: "仍在持续",
  choose: "选择一条告警，查看说明与依据。",

  explain: {
    sos: (f: Figure) => `设备 ${or(f("device"))} 在 ${or(f("started"))} 发出求助${f("note") ? `：${f("note")}` : ""}。`,
    late: (f: Figure) =>
      `应在 ${or(f("promised_ms"))} 前到达，宽限 ${or(f("grace_s"))}；${f("lateness_s") ? `晚到 ${f("lateness_s")}` : "仍未到达"}。`,
    no_show: (f: Figure) =>
      `应在 ${or(f("promised_ms"))} 前到达，超过 ${or(f("no_show_s"))}仍无人到达${f("ended") ? `；${f("ended")} 才有人到` : ""}。`,
    at_risk: (f: Figure) =>
      f("expected_ms")
        ? `照 ${or(f("started"))} 的情况，约 ${f("expected_ms")} 才能到达；约定最晚 ${or(f("promised_ms"))}，宽限 ${or(f("grace_s"))}。`
        : `${or(f("started"))} 仍没有任何位置，从哪里出发都可能赶不上 ${or(f("promised_ms"))} 加宽限 ${or(f("grace_s"))}。`,
    left_site: (f: Figure) =>
      `${or(f("started"))} 起离开服务地点${f("ended") ? ` ${or(f("lasted"))}，${f("ended")} 返回或结束` : `已 ${or(f("lasted"))}`}，没有报备外出；离开满 ${or(f("left_site_s"))}即提醒。`,
    check_in_away: (f: Figure) =>
      `${or(f("started"))} 签到的位置在服务地点围栏外 ${or(f("outside_m"))}；扣除定位误差后超过 ${or(f("check_in_away_m"))}即提醒。`,
    implausible_jump: (f: Figure) =>
      `${or(f("started"))} 相邻两次定位相距 ${or(f("apart_m"))}，所需速度超过 ${or(f("impossible_mps"))}，不可能是真实移动。`,
    silent_device: (f: Figure) =>
      `上门前已连续 ${or(f("silent_s"))}没有任何消息${f("ended") ? `；${f("ended")} 恢复` : "，至今没有恢复"}。`,
  } as Record<string, (f: Figure) => string>,
  about: (rule: string, customer: string | null) => (customer ? `${rule}：${customer}` : rule),
  arrivedNew: (what: string) => `新告警：${what}`,
  sosBanner: (who: string, moment: string) => `紧急求助：${who}，${moment}`,
  look: "查看",
  moreCalls: (count: number) => `另有 ${count} 条`,

  why: "为什么这样说",
  version: (n: number) => `规则第 ${n} 版`,
  params: {
    promised_ms: "约定最晚",
    grace_s: "宽限",
    lateness_s: "晚到",
    no_show_s: "未上门期限",
    expected_ms: "估计到达",
    left_site_s: "离开满多久才提醒",
    exit_m: "离开围栏的距离",
    outside_m: "围栏外",
    check_in_away_m: "签到距离上限",
    apart_m: "两次定位相距",
    impossible_mps: "速度上限",
    silent_s: "沉默上限",
    device: "设备",
    note: "留言",
  } as Record<string, string>,
  evidence: "依据",
  noEvidence: "这条告警由“到时未见”得出，没有对应的事实。",
  evidenceMap: "依据地图：围栏与定位",
  observed: "发生",
  received: "收到",
  receivedLater: (duration: string) => `晚 ${duration}`,
  place: "位置",
  inFence: "围栏内",
  beyond: (distance: string) => `围栏外 ${distance}`,
  apart: (distance: string) => `相距 ${distance}`,
  accuracy: (m: string) => `±${m}`,
  history: "经过",
  change: {
    raised: "系统发出",
    amended: "系统更正",
    retracted: "系统已撤回",
    reinstated: "系统恢复",
    acknowledged: "接手",
    resolved: "解决",
  } as Record<string, string>,
  reason: {
    refuted: "后来收到的数据表明并非如此",
    true: "属实",
    false: "误报",
    excused: "免责",
  } as Record<string, string>,
  by: (who: string) => `由 ${who}`,
  someone: "员工",
  system: "系统",
  retracted: (why: string) => `系统已撤回：${why}。`,
  takenBy: (who: string, moment: string) => `${who} ${moment} 接手`,
  resolvedBy: (who: string, moment: string, verdict: string) => `${who} ${moment} 解决：${verdict}`,

  take: "接手",
  taking: "正在接手",
  resolve: "解决",
  resolving: "正在提交",
  decide: "处理",
  verdictLabel: "结论",
  note: "备注",
  notePlaceholder: "如何处理的、了解到什么（可不填）",
  signature: "署名",
  signaturePlaceholder: "您的姓名",
  change_verdict: "更改结论",
  failed: "没有提交成功，请重试。",
  alreadyResolved: "已有人解决了这条告警。",
  visit: "服务单",
  track: "当天轨迹",
};
