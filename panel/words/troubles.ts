/**
 * What a person reads for each trouble code: what happened and what to do, in both languages.
 * Short on purpose: a card of the clerk's page shows both in two lines. A code that is missing here is shown with its message.
 */
export interface TroubleWords {
  readonly what: string;
  readonly todo: string;
}

const words = (what: string, todo: string): TroubleWords => ({ what, todo });

export const troubles = {
  'site-unknown': {
    zh: words('没有这个站点', '请从列表中选择。'),
    en: words('There is no such site', 'Choose one from the list.'),
  },
  'site-busy': {
    zh: words('这个站点未完成的命令太多', '请等一部分完成，或取消一些。'),
    en: words('Too many commands of this site are open', 'Wait until some are done, or cancel some.'),
  },
  'command-unknown': {
    zh: words('没有这条命令', '请从列表中选择。'),
    en: words('There is no such command', 'Choose one from the list.'),
  },
  'command-over': {
    zh: words('这条命令已经结束', '需要时请重新下达。'),
    en: words('This command is over', 'Give another one if it is needed.'),
  },
  'name-taken': {
    zh: words('这个姓名已经有人用', '请换一个。'),
    en: words('Somebody has this name', 'Choose another one.'),
  },
  'last-administrator': {
    zh: words('这是最后一名管理员', '请先添加另一名管理员。'),
    en: words('This is the last administrator', 'Add another one first.'),
  },
  'camera-unreachable': {
    zh: words('连接不上摄像机', '请检查它的电源和网线；系统会自动重试。'),
    en: words('The camera cannot be reached', 'Check its power and network cable; it is tried again by itself.'),
  },
  'camera-refused-login': {
    zh: words('密码不对，摄像机拒绝登录', '请叫技术员改正密码；为免锁定，暂不再试。'),
    en: words(
      'Wrong password: the camera refused the login',
      'Ask the technician to correct it; not tried again until then.',
    ),
  },
  'camera-locked-out': {
    zh: words('摄像机因多次输错密码而锁定', '请叫技术员核对密码，几分钟后再试。'),
    en: words(
      'The camera locked us out after wrong passwords',
      'Ask the technician to check the password, then wait minutes.',
    ),
  },
  'camera-busy': {
    zh: words('摄像机的连接数已满', '请关掉其他正在看它的软件；系统会自动重试。'),
    en: words('The camera serves too many viewers', 'Close other software that uses it; it is tried again by itself.'),
  },
  'camera-no-stream': {
    zh: words('摄像机没有给出可用的画面', '请叫技术员检查摄像机的码流设置。'),
    en: words('The camera offers no usable picture', 'Ask the technician to check its stream settings.'),
  },
  'camera-clock-wrong': {
    zh: words('摄像机的时间不准', '录制照常；请技术员给摄像机校时。'),
    en: words('The clock of the camera is wrong', 'Recording goes on; ask the technician to set it.'),
  },
  'camera-stalled': {
    zh: words('摄像机不再送来画面', '系统正在重连；一分钟未恢复，请检查网线。'),
    en: words('The camera stopped sending pictures', 'Reconnecting by itself; check the cable after a minute.'),
  },
  'transport-refused': {
    zh: words('摄像机拒绝这种传输方式', '请叫技术员改传输方式（TCP 或 UDP）。'),
    en: words('The camera refuses this way of transport', 'Ask the technician to change it (TCP or UDP).'),
  },
  'audio-missing': {
    zh: words('没有声音', '画面照常录制；请检查麦克风是否插好、是否静音。'),
    en: words('There is no sound', 'The picture is recorded; check the microphone plug and mute.'),
  },
  'audio-unusable': {
    zh: words('声音无法使用', '画面照常录制；请叫技术员检查声音格式。'),
    en: words('The sound cannot be used', 'The picture is recorded; ask the technician about its format.'),
  },
  'packets-lost': {
    zh: words('画面可能有短暂花屏', '录制仍在进行；请叫技术员检查网络。'),
    en: words('The picture may be damaged for a moment', 'Recording goes on; ask the technician to check the network.'),
  },
  'auth-unsupported': {
    zh: words('不支持这台设备的登录方式', '请叫技术员在设备上启用 Digest 认证。'),
    en: words('The login method of this device is not supported', 'Ask the technician to enable Digest login on it.'),
  },
  'recorder-away': {
    zh: words('录像程序没有应答', '它会自行恢复；十秒后仍如此，请马上叫技术员。'),
    en: words('The recorder does not answer', 'It comes back by itself; after ten seconds call the technician.'),
  },
  'ffmpeg-missing': {
    zh: words('本机缺少 ffmpeg，不能录制', '请叫技术员安装 ffmpeg。'),
    en: words('ffmpeg is missing, nothing can be recorded', 'Ask the technician to install ffmpeg.'),
  },
  'ffmpeg-failed': {
    zh: words('取流程序异常退出', '正在自动重启；反复出现，请叫技术员。'),
    en: words('The capture program failed', 'Restarting by itself; if it repeats, call the technician.'),
  },
  'disk-full': {
    zh: words('磁盘已满', '不能再写入录像，请马上叫技术员。'),
    en: words('The disk is full', 'Nothing more can be written; call the technician now.'),
  },
  'disk-failed': {
    zh: words('磁盘写入失败', '请马上叫技术员；修好之前不要开始新的录制。'),
    en: words('Writing to the disk failed', 'Call the technician now; start nothing new until it is mended.'),
  },
  'disk-slow': {
    zh: words('磁盘写入太慢', '录制照常；请叫技术员检查磁盘。'),
    en: words('The disk is slow', 'Recording goes on; ask the technician to check the disk.'),
  },
  'disk-away': {
    zh: words('磁盘不见了', '请叫技术员检查磁盘的电源、连线和挂载。'),
    en: words('A disk is away', 'Ask the technician to check its power, cable and mount.'),
  },
  'wrong-disk': {
    zh: words('挂载的不是原来的磁盘', '请叫技术员换回原来的磁盘。'),
    en: words('Another disk lies in its place', 'Ask the technician to mount the right one.'),
  },
  'main-disk-away': {
    zh: words('主磁盘失效，正在第二块磁盘上录制', '录制照常；请尽快叫技术员。'),
    en: words('The main disk is away, recording on the second one', 'Recording goes on; call the technician soon.'),
  },
  'second-disk-away': {
    zh: words('第二块磁盘失效', '录制照常，只存一份；请尽快叫技术员。'),
    en: words('The second disk is away', 'Recording goes on, in one copy only; call the technician soon.'),
  },
  'centre-away': {
    zh: words('与中心失去联系', '录制照常，录像先存本机，恢复后自动移交。'),
    en: words('No contact with the centre', 'Recording goes on; it is kept here and handed over later.'),
  },
  'broker-away': {
    zh: words('与消息服务器失去联系', '录制照常，录像先存本机，恢复后自动移交。'),
    en: words('No contact with the message broker', 'Recording goes on; it is kept here and handed over later.'),
  },
  'session-over': {
    zh: words('这次录制已经结束', '刚才的按键没有记入；同一事项再录，请另建安排。'),
    en: words('This recording is over', 'The press was not recorded; plan another session of the matter.'),
  },
  'session-cancelled': {
    zh: words('这一场已经取消', '请另建安排，或临时开始。'),
    en: words('This one was cancelled', 'Make a new entry, or start without one.'),
  },
  'check-running': {
    zh: words('正在检查设备', '请等几秒；不影响开始录制。'),
    en: words('The devices are being checked', 'Wait some seconds; a start is possible all the same.'),
  },
  'check-unknown': {
    zh: words('找不到这次检查', '请重新检查。'),
    en: words('This check is not known any more', 'Check the devices again.'),
  },
  'mark-unknown': {
    zh: words('找不到这个标记', '请从全部标记里选。'),
    en: words('This mark is not known', 'Choose it from the list of all marks.'),
  },
  'interruption-unknown': {
    zh: words('中断还没有结束', '恢复之后再说明原因。'),
    en: words('This interruption is not over yet', 'Explain it when it records again.'),
  },
  'kind-unknown': {
    zh: words('本单位没有这个类别', '请另选类别。'),
    en: words('This kind is not among the rules of this site', 'Choose another kind.'),
  },
  'hand-over-late': {
    zh: words('录像未按期移交中心', '请技术员检查网络和中心；录像在本机安全保存。'),
    en: words('Recordings are late at the centre', 'Let a technician look at network and centre; they are safe here.'),
  },
  'order-expired': {
    zh: words('中心的指令已过期', '请中心重新发送，并核对两端时钟。'),
    en: words('The order from the centre came too late', 'Let it be sent anew; check both clocks.'),
  },
  'session-already-open': {
    zh: words('本房间已有录制正在进行', '请先结束它，再开始新的。'),
    en: words('A recording is already running in this room', 'Stop it before you start another.'),
  },
  'session-not-open': {
    zh: words('现在没有正在进行的录制', '请看上面的状态。'),
    en: words('No recording is running now', 'Look at the state above.'),
  },
  'room-unknown': {
    zh: words('没有这个房间', '请核对网址，或联系管理员。'),
    en: words('There is no such room', 'Check the address or ask the administrator.'),
  },
  'no-mandatory-stream': {
    zh: words('本房间没有必录设备', '不能开始录制；请叫技术员设置必录设备。'),
    en: words('This room has no required device', 'Nothing can be started; ask the technician to set one.'),
  },
  'wrong-pin': {
    zh: words('PIN 不对', '请重新输入。'),
    en: words('Wrong PIN', 'Please enter it again.'),
  },
  'wrong-secret': {
    zh: words('密钥不对', '请重新输入；管理员可以发放新的密钥。'),
    en: words('Wrong secret', 'Type it again; an administrator can give a new one.'),
  },
  'weak-pin': {
    zh: words('这个 PIN 太容易被猜到', '请用 6 至 12 位数字，不要用连号、重复、生日或原来的 PIN。'),
    en: words('This PIN is too easy to guess', 'Six to twelve digits; no row, repetition, birthday or the old one.'),
  },
  'panel-not-paired': {
    zh: words('这台屏幕还没有配对', '请技术员或管理员生成配对码，或用密钥登录。'),
    en: words('This screen is not paired', 'Ask the technician for a pairing code, or log in with a secret.'),
  },
  'wrong-code': {
    zh: words('配对码不对、已用过或已过期', '请技术员或管理员重新生成。'),
    en: words('The code is wrong, used or too old', 'Ask the technician or administrator for a new one.'),
  },
  'secret-needed': {
    zh: words('用 PIN 登录时不能这样做', '请退出，用密钥登录后再发放。'),
    en: words('Not in a login by PIN', 'Log out, log in with your secret, then try again.'),
  },
  'too-many-tries': {
    zh: words('输错次数太多', '请稍等再试。'),
    en: words('Too many wrong tries', 'Wait a while, then try again.'),
  },
  'not-logged-in': {
    zh: words('您还没有登录', '请登录。'),
    en: words('You are not logged in', 'Please log in.'),
  },
  'not-your-room': {
    zh: words('您没有这个房间的权限', '请联系管理员。'),
    en: words('You have no authority over this room', 'Ask the administrator.'),
  },
  'not-your-role': {
    zh: words('您的岗位没有这项权限', '请由有权限的人来做，或联系管理员。'),
    en: words('This is not for your role', 'Ask somebody whose role it is, or the administrator.'),
  },
  'room-busy': {
    zh: words('本房间的请求太多', '请稍候再试。'),
    en: words('Too many requests wait in this room', 'Try again in a moment.'),
  },
  'bad-request': {
    zh: words('请求的内容不对', '请改正后再试。'),
    en: words('The request was not valid', 'Correct it and try again.'),
  },
  internal: {
    zh: words('控制器内部出错', '请再试一次；仍不行，请叫技术员。'),
    en: words('The controller had an internal error', 'Try once more; if it stays, call the technician.'),
  },
  'recorder-restarted': {
    zh: words('录像程序重启过', '已自动续录，中断时间已记入。'),
    en: words('The recorder was restarted', 'It went on by itself; the gap is written down.'),
  },
  'power-lost': {
    zh: words('断电', '来电后已自动续录，中断时间已记入。'),
    en: words('Power was lost', 'It went on by itself; the gap is written down.'),
  },
  'source-ended': {
    zh: words('设备中断了信号', '系统会自动重连；反复出现，请检查设备。'),
    en: words('The device ended its signal', 'Reconnecting by itself; if it repeats, check the device.'),
  },
  'stream-changed': {
    zh: words('画面格式变了', '已自动续录，新的一段另行保存。'),
    en: words('The picture format changed', 'It went on by itself in a new part.'),
  },
  'not-armed': {
    zh: words('按下开始时设备还没有就绪', '下次请提前一会儿打开本页面。'),
    en: words('The device was not ready at the press', 'Open this page a little earlier next time.'),
  },
  'memory-full': {
    zh: words('磁盘中断太久，内存已存满', '请马上叫技术员检查磁盘。'),
    en: words('The disk was away too long, memory is full', 'Call the technician now to check the disk.'),
  },
  'recorder-stopped': {
    zh: words('录像程序被人为停止', '启动后会自动续录；请叫技术员。'),
    en: words('The recorder was stopped on purpose', 'It goes on when started; call the technician.'),
  },
  'recorder-killed': {
    zh: words('录像程序异常退出过', '已自动续录，中断时间已记入。'),
    en: words('The recorder died and came back', 'It went on by itself; the gap is written down.'),
  },
  'store-away': {
    zh: words('中心的存储没有应答', '录像都在各网点，不会丢失；请查看中心的网络和存储。'),
    en: words('The store of the centre does not answer', 'Sites keep everything; look at its network and health.'),
  },
  'store-refused': {
    zh: words('中心的存储拒绝了请求', '请检查中心配置中的存储地址、密钥和权限，以及本机时钟。'),
    en: words('The store of the centre refuses', 'Check its address, keys and rights, and the clock of this machine.'),
  },
  'worker-died': {
    zh: words('中心的一个接收进程意外结束', '它会自动重新启动，各网点会重新发送；请查看中心的日志。'),
    en: words('A receiving process of the centre has ended', 'It starts again by itself; see the log of the centre.'),
  },
  'manifests-missing': {
    zh: words('网点编过号的录像没有全部告知中心', '请在该网点运行核验，查明缺少的部分。'),
    en: words('A site does not tell the centre of all that it numbered', 'Verify the record at that site.'),
  },
  'receipt-refused': {
    zh: words('中心的签收与送出的不符', '录像仍在本机，不会删除；请告知中心。'),
    en: words('A receipt of the centre did not fit', 'The recording stays here; tell the centre.'),
  },
  'session-unknown': {
    zh: words('没有这次录制', '请从列表中选择。'),
    en: words('There is no such recording', 'Choose one from the list.'),
  },
  'segment-unknown': {
    zh: words('找不到这一段录像', '请叫技术员重建索引。'),
    en: words('This segment was not found', 'Ask the technician to rebuild the index.'),
  },
  'segment-away': {
    zh: words('这一段录像存放在中心，正在取回', '请稍等，取到后自动播放。'),
    en: words('This segment lies at the centre and is being fetched', 'Wait a moment; it plays as soon as it is here.'),
  },
  'recall-failed': {
    zh: words('中心交回的录像与原录像不符，或中心已没有', '不予显示；请告知中心。'),
    en: words('The centre does not give back what was recorded', 'Nothing of it is shown; tell the centre.'),
  },
  'not-found': {
    zh: words('没有找到', '请核对网址。'),
    en: words('Not found', 'Check the address.'),
  },
  'foreign-origin': {
    zh: words('请求来自别的网址', '请用本机自己的网址打开页面。'),
    en: words('The request came from another address', 'Open the panel from its own address.'),
  },
  'verify-failed': {
    zh: words('录像校验没有通过', '请马上叫技术员，不要改动任何文件。'),
    en: words('The check of the recording failed', 'Call the technician now and change no file.'),
  },
  'clock-unsynchronised': {
    zh: words('本机时间未校准', '录制照常；请叫技术员检查网络校时。'),
    en: words('The clock of this machine is not synchronised', 'Recording goes on; ask the technician to check NTP.'),
  },
  'display-unknown': {
    zh: words('没有这块显示屏', '请核对网址；显示屏须先写入站点配置。'),
    en: words('There is no such display', 'Check the address; displays stand in the site configuration.'),
  },
  'display-taken': {
    zh: words('另一台设备已在充当这块显示屏', '请关闭那台设备上的页面。'),
    en: words('Another machine already is this display', 'Close the page on that machine.'),
  },
  'sign-dark': {
    zh: words('显示屏没有确认显示内容', '请查看该显示屏的电源、网线；来得及时请口头告知。'),
    en: words(
      'A display does not confirm what it shows',
      'Look at its power and cable; tell the people by word of mouth.',
    ),
  },
  'notice-unspoken': {
    zh: words('告知语没有播放成功', '请工作人员口头宣读并确认“已告知”。'),
    en: words('The notice was not spoken aloud', 'Read it aloud yourself and confirm it.'),
  },
  'speech-missing': {
    zh: words('本机没有语音播报', '请工作人员口头宣读；技术员可安装语音或放入录音。'),
    en: words('This machine has no voice', 'Read it aloud; the technician can install a voice or a recording.'),
  },
  'indicator-unreachable': {
    zh: words('指示灯没有应答', '录制照常；请检查指示灯的电源和网线。'),
    en: words('The lamp does not answer', 'Recording goes on; check its power and cable.'),
  },
  'still-unavailable': {
    zh: words('暂时没有画面', '稍后会自动刷新。'),
    en: words('No picture just now', 'It is asked for again by itself.'),
  },
} as const satisfies Readonly<Record<string, { readonly zh: TroubleWords; readonly en: TroubleWords }>>;
