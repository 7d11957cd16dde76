#Requires -Version 5.1
<#
.SYNOPSIS
Tells knockwatch which program of this PC has which port. One file, nothing to install.

.DESCRIPTION
Looks at sockets every 1.5 seconds and posts a report to SERVER/api/v1/reports each interval, and
at once when a UDP socket or a listener came or went. A report holds ports, addresses, names and
numbers of programs, the services of service hosts, MACs and addresses of neighbours, gateway and
links, the Wi-Fi network's name and station, byte counters, the release of Windows and a hash of
the machine's id; no command lines, no user names. -Print shows every byte of it. While nothing
changes it says no more than that. While the server is away reports wait in a folder of this user's
AppData\Local (at most 480 of them and 20 MB), and are dated by this PC's clock.

Windows does not tell to whom an unconnected UDP socket talks, nor how many bytes a program moved.

For Windows PowerShell 5.1 and PowerShell 7. NOT RUN: its grammar was checked and every key that
it sends was compared with what the server reads, but nobody has started it on a Windows yet.

.EXAMPLE
powershell -NoProfile -ExecutionPolicy Bypass -File .\knockwatch-agent.ps1 -Server http://192.168.1.10:10151 -Print

Shows what would be sent. "Running scripts is disabled on this system" is answered by
-ExecutionPolicy Bypass, for this one call and nothing else.

.EXAMPLE
powershell -NoProfile -ExecutionPolicy Bypass -File .\knockwatch-agent.ps1 -Server http://192.168.1.10:10151 -Install

As administrator: runs from now on, from the start of the PC, as SYSTEM, from a copy in Program
Files. Otherwise: from each logon of this user, from where the file lies now. -Uninstall ends it.
#>
[CmdletBinding()]
param(
    [string] $Server = '',              # http://192.168.1.10:10151
    [string] $Device = '',              # instead of this PC's name
    [string] $TokenFile = '',           # holds one of the server's [tokens]
    [ValidateRange(5, 3600)] [int] $Interval = 15,
    [switch] $Once,
    [switch] $Print,
    [switch] $Install,
    [switch] $Uninstall
)

Set-StrictMode -Version 3.0
$ErrorActionPreference = 'Stop'

$AgentName = 'knockwatch-windows/1'
$TaskName = 'knockwatch agent'
$Poll = 1.5            # seconds; a change must have reached the server within 2
$Rest = 9.0            # times as long as a look took: the PC has other work
$LongestPause = 60.0   # seconds between two tries while the server is away
$AwayInterval = 60.0   # seconds between two reports without changes meanwhile
$KeptReports = 20      # in memory, where nothing can be written; the newest ones
$KeptFiles = 480       # on disk: what changed in a day, or each minute of eight hours
$KeptBytes = 20MB
$AtOnce = 15           # reports at each look, once the server is back: it takes ten a second
$MaxAge = 86400.0      # seconds; the server forgets closed sockets after as long
$CompleteEvery = 1800.0   # seconds; in between a report may say that nothing has changed
$MovedBytes = 1MB      # unless the links have moved as much since the last complete one
$MostSockets = 20000   # the server takes no more of each of these
$MostNeighbours = 4096
$MostLinks = 64
$MostAddresses = 1024
$MostGateways = 16
$MostText = 255        # characters of a name
$MostLabel = 64        # characters of a system, an agent, an interface

# It goes on while Windows sleeps: a report that was kept over night knows its age.
$Clock = [System.Diagnostics.Stopwatch]::StartNew()
$FirstSeen = @{}
$Services = @{}
$Complaints = @{}
$Around = @{ At = -1e9; Neighbours = @(); Wireless = @{} }
$Told = @{ Facts = ''; Neighbours = @{}; Bytes = [long] 0; At = -1e9 }
$Pending = New-Object 'System.Collections.Generic.Queue[object]'
$Spool = New-Object 'System.Collections.Generic.List[string]'

# --- what is on this PC --------------------------------------------------------------------------

function Get-Now {
    return [math]::Round($Clock.Elapsed.TotalSeconds, 3)
}

function Get-Part([string] $Text, [int] $Most) {
    if ($Text.Length -gt $Most) { return $Text.Substring(0, $Most) }
    return $Text
}

function Get-MachineId {
    # The id is the system's own secret, so only a hash made for this purpose leaves.
    try {
        $hive = [Microsoft.Win32.RegistryKey]::OpenBaseKey(
            [Microsoft.Win32.RegistryHive]::LocalMachine, [Microsoft.Win32.RegistryView]::Registry64)
        $secret = [string] $hive.OpenSubKey('SOFTWARE\Microsoft\Cryptography').GetValue('MachineGuid')
    } catch {
        return ''
    }
    if (-not $secret) { return '' }
    $keyed = New-Object System.Security.Cryptography.HMACSHA256
    $keyed.Key = [System.Text.Encoding]::ASCII.GetBytes($secret.Trim())
    $digest = $keyed.ComputeHash([System.Text.Encoding]::ASCII.GetBytes('knockwatch agent'))
    return ([System.BitConverter]::ToString($digest) -replace '-', '').ToLowerInvariant().Substring(0, 32)
}

function Get-PlainAddress([string] $Text) {
    return ($Text -split '%')[0]   # without the interface of a link-local address
}

function Get-Mac([string] $Text) {
    $digits = ($Text -replace '[-:]', '').ToLowerInvariant()
    if ($digits -notmatch '^[0-9a-f]{12}$' -or $digits -match '^(0{12}|f{12}|01005e|3333)') { return '' }
    return ($digits -replace '(..)(?!$)', '$1:')
}

function Get-ProgramTable {
    # Get-Process leaves out `.exe`; these have none.
    $bare = @('Idle', 'System', 'Registry', 'Secure System', 'Memory Compression', 'vmmem', 'vmmemWSL')
    $names = @{}
    foreach ($process in @(Get-Process)) {
        $name = [string] $process.ProcessName
        if ($bare -notcontains $name) { $name = $name + '.exe' }
        $names[[long] $process.Id] = $name
    }
    return $names
}

function Get-ServiceText([long] $Id) {
    if (-not $Services.ContainsKey($Id)) {
        $Services.Clear()
        $Services[$Id] = ''
        $running = Get-CimInstance -ClassName Win32_Service -Filter 'ProcessId <> 0' -Property @('Name', 'ProcessId')
        foreach ($service in @($running)) {
            $host_id = [long] $service.ProcessId
            if ($Services.ContainsKey($host_id) -and $Services[$host_id]) {
                $Services[$host_id] = $Services[$host_id] + ', ' + [string] $service.Name
            } else {
                $Services[$host_id] = [string] $service.Name
            }
        }
    }
    return $Services[$Id]
}

function Get-Owner([long] $Id, [hashtable] $Names) {
    if ($Id -le 0 -or -not $Names.ContainsKey($Id)) { return '' }
    $name = $Names[$Id]
    if ($name -eq 'svchost.exe') {
        $run = Get-ServiceText $Id
        if ($run) { $name = "$name ($run)" }
    }
    return Get-Part $name $MostText
}

function Get-StateWord([string] $State) {
    switch ($State) {
        'SynSent' { return 'syn_sent' }
        'SynReceived' { return 'syn_recv' }
        'FinWait1' { return 'fin_wait1' }
        'FinWait2' { return 'fin_wait2' }
        'TimeWait' { return 'time_wait' }
        'CloseWait' { return 'close_wait' }
        'LastAck' { return 'last_ack' }
        'DeleteTCB' { return 'delete_tcb' }
        'Closed' { return 'close' }
        default { return $State.ToLowerInvariant() }
    }
}

function Get-SocketTable([double] $Now) {
    $names = Get-ProgramTable
    $rows = New-Object 'System.Collections.Generic.List[object]'
    foreach ($end in @(Get-NetUDPEndpoint)) {
        $rows.Add([ordered]@{
                transport = 'udp'
                local_ip = Get-PlainAddress ([string] $end.LocalAddress)
                local_port = [int] $end.LocalPort
                pid = [long] $end.OwningProcess
            })
    }
    foreach ($end in @(Get-NetTCPConnection)) {
        $state = Get-StateWord ([string] $end.State)
        if ($state -eq 'bound') { continue }   # Windows shows each outgoing connection so once more
        $row = [ordered]@{
            transport = 'tcp'
            local_ip = Get-PlainAddress ([string] $end.LocalAddress)
            local_port = [int] $end.LocalPort
        }
        if ([int] $end.RemotePort -ne 0) {
            $row['remote_ip'] = Get-PlainAddress ([string] $end.RemoteAddress)
            $row['remote_port'] = [int] $end.RemotePort
        }
        $row['state'] = $state
        $row['pid'] = [long] $end.OwningProcess
        $rows.Add($row)
    }
    return Get-Aged $rows $names $Now
}

function Get-Aged([System.Collections.Generic.List[object]] $Rows, [hashtable] $Names, [double] $Now) {
    # An age never claims more than was seen: what is found at the first look is 0 seconds old.
    $seen = @{}
    $aged = New-Object 'System.Collections.Generic.List[object]'
    foreach ($row in $Rows) {
        if ($aged.Count -ge $MostSockets) { break }
        $owner = Get-Owner $row['pid'] $Names
        $identity = (@($row.Values) + $owner) -join '|'
        $since = $Now
        if ($FirstSeen.ContainsKey($identity)) { $since = $FirstSeen[$identity] }
        $seen[$identity] = $since
        if ($owner) { $row['process'] = $owner }
        if ($row['pid'] -le 0) { $row.Remove('pid') }
        $row['age_seconds'] = [math]::Round($Now - $since, 3)
        $aged.Add($row)
    }
    $script:FirstSeen = $seen
    return $aged.ToArray()
}

function Get-Wireless([string[]] $Interfaces) {
    # Labels are translated, but for these two; an interface is known by its name.
    $found = @{}
    $current = ''
    try {
        $lines = @(& netsh.exe wlan show interfaces)
    } catch {
        return $found
    }
    foreach ($line in $lines) {
        if (-not ($line -match '^\s+(?<label>\S[^:]*?)\s*: (?<value>.*)$')) { continue }
        $label = $Matches['label']
        $value = $Matches['value'].Trim()
        if ($Interfaces -contains $value -and -not $found.ContainsKey($value)) {
            $current = $value
            $found[$current] = @{ ssid = ''; bssid = '' }
        } elseif ($current -and $label -eq 'SSID') {
            $found[$current]['ssid'] = Get-Part $value $MostLabel
        } elseif ($current -and $label -match '(^| )BSSID$') {
            $found[$current]['bssid'] = Get-Mac $value
        }
    }
    return $found
}

function Get-NeighbourTable {
    $found = New-Object 'System.Collections.Generic.List[object]'
    $states = @('Reachable', 'Stale', 'Delay', 'Probe', 'Permanent')
    foreach ($entry in @(Get-NetNeighbor -State $states -ErrorAction SilentlyContinue)) {
        $mac = Get-Mac ([string] $entry.LinkLayerAddress)
        if (-not $mac -or $found.Count -ge $MostNeighbours) { continue }
        $found.Add([ordered]@{
                ip = Get-PlainAddress ([string] $entry.IPAddress)
                mac = $mac
                interface = Get-Part ([string] $entry.InterfaceAlias) $MostLabel
            })
    }
    return $found.ToArray()
}

function Get-InterfaceTable {
    $up = New-Object 'System.Collections.Generic.List[object]'
    foreach ($nic in [System.Net.NetworkInformation.NetworkInterface]::GetAllNetworkInterfaces()) {
        if ([string] $nic.OperationalStatus -eq 'Up' -and [string] $nic.NetworkInterfaceType -ne 'Loopback') {
            $up.Add($nic)
        }
    }
    return $up.ToArray()
}

function Test-HostAddress([System.Net.IPAddress] $Address) {
    if ([System.Net.IPAddress]::IsLoopback($Address) -or $Address.IsIPv6LinkLocal) { return $false }
    return -not ([string] $Address).StartsWith('169.254.')
}

function Update-Surrounding([object[]] $Interfaces, [double] $Now) {
    # Neighbours, services and the access point are asked for once a minute: each costs a query.
    if ($Now -lt $Around['At'] + 60.0) { return }
    $Around['At'] = $Now
    $Services.Clear()
    $Around['Neighbours'] = @(Get-NeighbourTable)
    $Around['Wireless'] = @{}
    $names = @()
    foreach ($nic in $Interfaces) {
        if ([string] $nic.NetworkInterfaceType -eq 'Wireless80211') { $names += [string] $nic.Name }
    }
    if ($names.Count -gt 0) { $Around['Wireless'] = Get-Wireless $names }
}

function Get-Link([object] $Nic) {
    $name = [string] $Nic.Name
    $link = [ordered]@{ interface = Get-Part $name $MostLabel }
    $mac = Get-Mac ([string] $Nic.GetPhysicalAddress())
    if ($mac) { $link['mac'] = $mac }
    $counted = $Nic.GetIPStatistics()
    $link['received_bytes'] = [long] $counted.BytesReceived
    $link['sent_bytes'] = [long] $counted.BytesSent
    if ($Around['Wireless'].ContainsKey($name)) {
        $air = $Around['Wireless'][$name]
        if ($air['ssid']) { $link['ssid'] = $air['ssid'] }
        if ($air['bssid']) { $link['bssid'] = $air['bssid'] }
    }
    return $link
}

function Get-Gateway([string] $Ip, [string] $Interface) {
    $gateway = [ordered]@{ ip = $Ip }
    foreach ($neighbour in $Around['Neighbours']) {
        if ($neighbour['ip'] -eq $Ip) { $gateway['mac'] = $neighbour['mac'] }
    }
    $gateway['interface'] = Get-Part $Interface $MostLabel
    return $gateway
}

function Get-Report([double] $Now) {
    $interfaces = @(Get-InterfaceTable)
    Update-Surrounding $interfaces $Now
    $addresses = New-Object 'System.Collections.Generic.List[object]'
    $links = New-Object 'System.Collections.Generic.List[object]'
    $gateways = New-Object 'System.Collections.Generic.List[object]'
    foreach ($nic in $interfaces) {
        $properties = $nic.GetIPProperties()
        foreach ($unicast in $properties.UnicastAddresses) {
            if ((Test-HostAddress $unicast.Address) -and $addresses.Count -lt $MostAddresses) {
                $addresses.Add((Get-PlainAddress ([string] $unicast.Address)))
            }
        }
        foreach ($gateway in $properties.GatewayAddresses) {
            $ip = Get-PlainAddress ([string] $gateway.Address)
            if ($ip -ne '0.0.0.0' -and $ip -ne '::' -and $gateways.Count -lt $MostGateways) {
                $gateways.Add((Get-Gateway $ip ([string] $nic.Name)))
            }
        }
        if ($links.Count -lt $MostLinks) { $links.Add((Get-Link $nic)) }
    }
    $report = [ordered]@{
        version = 1
        device = $Device
        interval_seconds = $Interval
        os = Get-Part ('Windows ' + [System.Environment]::OSVersion.Version.ToString(3)) $MostLabel
        agent = $AgentName
        addresses = $addresses.ToArray()
        sockets = @(Get-SocketTable $Now)
        neighbours = $Around['Neighbours']
        links = $links.ToArray()
        gateways = $gateways.ToArray()
    }
    if ($MachineId) { $report['machine_id'] = $MachineId }
    return $report
}

function Get-Listening {
    # Without owners, straight from the system: far cheaper than what a report needs.
    $tables = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
    $ends = New-Object 'System.Collections.Generic.List[string]'
    foreach ($end in $tables.GetActiveUdpListeners()) { $ends.Add('udp ' + [string] $end) }
    foreach ($end in $tables.GetActiveTcpListeners()) { $ends.Add('tcp ' + [string] $end) }
    $ends.Sort([System.StringComparer]::Ordinal)
    return $ends.ToArray() -join "`n"
}

# --- what of it is new ---------------------------------------------------------------------------

function Get-FactText([System.Collections.Specialized.OrderedDictionary] $Report) {
    # What must not change untold. A connection that has ended is no change, since each report to
    # the server leaves one behind, and what two programs of this PC say to each other is none.
    $facts = New-Object 'System.Collections.Generic.List[string]'
    foreach ($identity in $FirstSeen.Keys) {
        if ($identity -match '\|time_wait\|') { continue }
        if ($identity -match '^tcp\|(127\.[0-9.]+|::1)\|\d+\|(127\.[0-9.]+|::1)\|') { continue }
        $facts.Add($identity)
    }
    foreach ($address in $Report['addresses']) { $facts.Add("address $address") }
    foreach ($link in $Report['links']) {
        $facts.Add('link ' + (@($link['interface'], $link['mac'], $link['ssid'], $link['bssid']) -join '|'))
    }
    foreach ($gateway in $Report['gateways']) {
        $facts.Add('gateway ' + $gateway['ip'] + '|' + $gateway['interface'])
    }
    $facts.Sort([System.StringComparer]::Ordinal)
    return $facts.ToArray() -join "`n"
}

function Get-Shortened([System.Collections.Specialized.OrderedDictionary] $Report, [double] $Now) {
    # The whole report, or that nothing has changed since the last whole one.
    $bytes = [long] 0
    foreach ($link in $Report['links']) { $bytes += $link['received_bytes'] + $link['sent_bytes'] }
    $met = @{}
    $is_known = $true
    foreach ($neighbour in $Report['neighbours']) {
        $key = $neighbour['ip'] + '|' + $neighbour['mac']
        $met[$key] = $true
        if (-not $Told['Neighbours'].ContainsKey($key)) { $is_known = $false }
    }
    $facts = Get-FactText $Report
    $is_fresh = $Now -lt $Told['At'] + $CompleteEvery -and [math]::Abs($bytes - $Told['Bytes']) -lt $MovedBytes
    if ($is_known -and $is_fresh -and $facts -ceq $Told['Facts']) {
        return [ordered]@{
            version = 1
            device = $Device
            unchanged_since = [math]::Round($Now - $Told['At'], 1)
        }
    }
    $Told['Facts'] = $facts
    $Told['Neighbours'] = $met
    $Told['Bytes'] = $bytes
    $Told['At'] = $Now
    return $Report
}

# --- what waits for the server -------------------------------------------------------------------

function Add-Pending([System.Collections.Specialized.OrderedDictionary] $Report, [double] $Made) {
    $json = ConvertTo-Json -InputObject $Report -Depth 4 -Compress
    $Pending.Enqueue(@($Made, $json, $Report.Contains('unchanged_since')))
    if ($Pending.Count -gt $KeptReports) { $null = $Pending.Dequeue() }
}

function Get-SpoolFolder {
    # Not in ProgramData, where every user could read reports and lay others beside them.
    $own = [System.Environment]::GetFolderPath('LocalApplicationData')
    $name = "$Server $Device" -replace '[^A-Za-z0-9.-]', '_'
    return Join-Path (Join-Path $own 'knockwatch') (Get-Part $name 80)
}

function Open-Spool {
    # The names begin with the time, so that they are in order.
    $folder = Get-SpoolFolder
    if (-not (Test-Path -LiteralPath $folder)) { return }
    $files = [System.IO.Directory]::GetFiles($folder, '*.json')
    [System.Array]::Sort($files, [System.StringComparer]::Ordinal)
    $Spool.AddRange([string[]] $files)
}

function Save-Pending {
    # A report that only says "unchanged" takes the place of the one before that said so too.
    try {
        $folder = Get-SpoolFolder
        $null = [System.IO.Directory]::CreateDirectory($folder)
        while ($Pending.Count -gt 0) {
            $made, $json, $is_short = $Pending.Peek()
            $time = [System.DateTime]::UtcNow.AddSeconds($made - (Get-Now))
            $kind = 'whole'
            if ($is_short) { $kind = 'short' }
            $path = Join-Path $folder ('{0:D19}.{1}.json' -f $time.Ticks, $kind)
            [System.IO.File]::WriteAllText($path, $json)
            $last = $Spool.Count - 1
            if ($is_short -and $last -ge 0 -and $Spool[$last].EndsWith('.short.json')) {
                Remove-Kept $last
            }
            $Spool.Add($path)
            $null = $Pending.Dequeue()
        }
        while ($Spool.Count -gt $KeptFiles -or (Get-SpoolSize) -gt $KeptBytes) { Remove-Kept 0 }
    } catch {
        Write-Complaint 'reports are kept in memory only' ([string] $_.Exception.Message)
    }
}

function Get-SpoolSize {
    $size = [long] 0
    foreach ($path in $Spool) {
        if (Test-Path -LiteralPath $path) { $size += ([System.IO.FileInfo] $path).Length }
    }
    return $size
}

function Remove-Kept([int] $Index) {
    $path = $Spool[$Index]
    $Spool.RemoveAt($Index)
    Remove-Item -LiteralPath $path -Force -ErrorAction SilentlyContinue
}

function Get-Oldest {
    # Returns the text of a report and its age; one that cannot be read has none.
    if ($Spool.Count -eq 0) {
        $made, $json, $is_short = $Pending.Peek()
        return @($json, ((Get-Now) - $made))
    }
    try {
        $path = $Spool[0]
        $ticks = [long] ([System.IO.Path]::GetFileName($path) -split '\.')[0]
        $age = ([System.DateTime]::UtcNow.Ticks - $ticks) / 1e7
        return @([System.IO.File]::ReadAllText($path), $age)
    } catch {
        return @('', -1.0)
    }
}

function Remove-Oldest {
    if ($Spool.Count -gt 0) { Remove-Kept 0 } else { $null = $Pending.Dequeue() }
}

function Send-Waiting {
    # Oldest first. Returns 'later' when the server failed, 'never' when it refused one, 'unknown'
    # when it does not have the report that "unchanged" means.
    $result = ''
    for ($sent = 0; $sent -lt $AtOnce -and $Spool.Count + $Pending.Count -gt 0; $sent++) {
        $json, $age = Get-Oldest
        $outcome = 'never'
        $why = 'it cannot be read, dated, or is too old'
        if ($json -and $age -ge 0 -and $age -le $MaxAge) { $outcome, $why = Send-Body (Get-Body $json $age) }
        if ($outcome -eq 'later') {
            Write-Complaint 'server away, the newest reports are kept' $why
            Save-Pending
            return 'later'
        }
        if ($outcome -ne 'taken') { $result = $outcome }
        if ($outcome -eq 'never') { Write-Complaint 'report refused and dropped' $why }
        Remove-Oldest
    }
    return $result
}

# --- sending it ----------------------------------------------------------------------------------

function Get-Body([string] $Json, [double] $Age) {
    # The age is known when it is sent; a comma in place of the point would be no number.
    $seconds = $Age.ToString('0.0', [System.Globalization.CultureInfo]::InvariantCulture)
    $aged = '{"age_seconds":' + $seconds + ',' + $Json.Substring(1)
    return , [System.Text.Encoding]::UTF8.GetBytes($aged)
}

function Write-Complaint([string] $Topic, [string] $Text) {
    # Not to the output, which is for -Print; once a minute, for it may go on all night.
    $now = Get-Now
    if ($Complaints.ContainsKey($Topic) -and $now -lt $Complaints[$Topic] + 60.0) { return }
    $Complaints[$Topic] = $now
    [System.Console]::Error.WriteLine("knockwatch agent: $Topic" + ': ' + $Text)
}

function Get-WebFailure([System.Exception] $Failure) {
    # PowerShell wraps what a method throws.
    while ($null -ne $Failure -and $Failure -isnot [System.Net.WebException]) {
        $Failure = $Failure.InnerException
    }
    return $Failure
}

function Send-Body([byte[]] $Body) {
    # Returns 'taken', 'later', 'unknown' or 'never', and why. Neither proxies nor redirects are
    # followed: both would show token and report to a third party, and the server is on our own
    # network.
    $status = 0
    $text = ''
    try {
        $request = [System.Net.WebRequest]::CreateHttp($Server.TrimEnd('/') + '/api/v1/reports')
        $request.Method = 'POST'
        $request.ContentType = 'application/json'
        $request.UserAgent = $AgentName
        $request.AllowAutoRedirect = $false
        $request.Proxy = $null
        $request.KeepAlive = $false
        $request.Timeout = 5000
        $request.ReadWriteTimeout = 5000
        if ($Token) { $request.Headers.Add('Authorization', "Bearer $Token") }
        $request.ContentLength = $Body.Length
        $stream = $request.GetRequestStream()
        try { $stream.Write($Body, 0, $Body.Length) } finally { $stream.Dispose() }
        $response = $request.GetResponse()
        $status = [int] $response.StatusCode
        $response.Close()
    } catch {
        $failure = Get-WebFailure $_.Exception
        $text = [string] $_.Exception.Message
        if ($null -ne $failure -and $null -ne $failure.Response) {
            $status = [int] $failure.Response.StatusCode
            $text = Get-AnswerText $failure.Response
        }
    }
    if ($status -ge 200 -and $status -lt 300) { return @('taken', '') }
    if ($status -eq 0 -or $status -ge 500 -or @(408, 425, 429) -contains $status) {
        return @('later', "HTTP $status $text")
    }
    if ($status -eq 409 -and $text -match 'unchanged_since') { return @('unknown', '') }
    return @('never', "HTTP $status $text")
}

function Get-AnswerText([System.Net.WebResponse] $Response) {
    try {
        $reader = New-Object System.IO.StreamReader($Response.GetResponseStream())
        $buffer = New-Object char[] 300
        $length = $reader.ReadBlock($buffer, 0, $buffer.Length)
        $reader.Dispose()
        return (-join $buffer[0..([math]::Max(0, $length - 1))]) -replace '[^\x20-\x7e]', ' '
    } catch {
        return ''
    }
}

function Start-Loop {
    $due = -1e9
    $retry = -1e9
    $failures = 0
    $listening = ''
    while ($true) {
        $began = Get-Now
        try {
            $seen = Get-Listening
            if ($began -ge $due -or $seen -ne $listening) {
                Add-Pending (Get-Shortened (Get-Report $began) $began) $began
                $listening = $seen
                $due = $began + $Interval
                if ($failures -gt 0) {
                    Save-Pending
                    $due = $began + [math]::Max([double] $Interval, $AwayInterval)
                }
            }
        } catch {
            Write-Complaint 'the sockets of this PC cannot be read' ([string] $_.Exception.Message)
        }
        $took = (Get-Now) - $began
        if ((Get-Now) -ge $retry) {
            $result = Send-Waiting
            if ($result -eq 'later') {
                $failures += 1
                $pause = [math]::Min($LongestPause, [math]::Pow(2.0, [math]::Min($failures, 10)))
                $retry = (Get-Now) + $pause * (Get-Random -Minimum 0.5 -Maximum 1.0)
            } else {
                if ($failures -gt 0) { $due = -1e9 }   # the server waits for the present
                $failures = 0
            }
            if ($result -eq 'never' -or $result -eq 'unknown') { $Told['Facts'] = '' }
            if ($result -eq 'unknown') { $due = -1e9 }
        }
        $pause = [math]::Max($Poll, [math]::Min($Rest * $took, [double] $Interval))
        Start-Sleep -Milliseconds ([int] (1000 * $pause))
    }
}

# --- the scheduled task --------------------------------------------------------------------------

function Test-Administrator {
    $who = New-Object System.Security.Principal.WindowsPrincipal(
        [System.Security.Principal.WindowsIdentity]::GetCurrent())
    return $who.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Get-Home {
    return Join-Path $env:ProgramFiles 'knockwatch'
}

function Copy-Home {
    # What SYSTEM runs must lie where only administrators write; and only they read the token.
    $folder = Get-Home
    $null = New-Item -ItemType Directory -Force -Path $folder
    $copy = Join-Path $folder 'knockwatch-agent.ps1'
    if ($PSCommandPath -ne $copy) { Copy-Item -LiteralPath $PSCommandPath -Destination $copy -Force }
    if ($TokenFile) {
        $secret = Join-Path $folder 'token'
        Set-Content -LiteralPath $secret -Value '' -Encoding Ascii
        $null = & icacls.exe $secret /inheritance:r /grant:r '*S-1-5-18:R' '*S-1-5-32-544:F'
        if ($LASTEXITCODE -ne 0) { throw 'the rights of the token file cannot be set' }
        Set-Content -LiteralPath $secret -Value $Token -Encoding Ascii
    }
    return $copy
}

function Install-Task {
    $script_path = $PSCommandPath
    $token_path = ''
    if ($TokenFile) { $token_path = (Resolve-Path -LiteralPath $TokenFile).ProviderPath }
    if (Test-Administrator) {
        $script_path = Copy-Home
        if ($TokenFile) { $token_path = Join-Path (Get-Home) 'token' }
        $trigger = New-ScheduledTaskTrigger -AtStartup
        $principal = New-ScheduledTaskPrincipal -UserId 'S-1-5-18' -LogonType ServiceAccount
    } else {
        $user = [System.Security.Principal.WindowsIdentity]::GetCurrent().Name
        $trigger = New-ScheduledTaskTrigger -AtLogOn -User $user
        $principal = New-ScheduledTaskPrincipal -UserId $user -LogonType Interactive
    }
    $arguments = '-NoProfile -NonInteractive -WindowStyle Hidden -ExecutionPolicy Bypass' +
        " -File `"$script_path`" -Server `"$Server`" -Device `"$Device`" -Interval $Interval"
    if ($token_path) { $arguments += " -TokenFile `"$token_path`"" }
    $shell = Join-Path $env:SystemRoot 'System32\WindowsPowerShell\v1.0\powershell.exe'
    $action = New-ScheduledTaskAction -Execute $shell -Argument $arguments
    # Without a limit of time: the script stays; once a minute it is started again should it end.
    $settings = New-ScheduledTaskSettingsSet -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries `
        -StartWhenAvailable -MultipleInstances IgnoreNew -ExecutionTimeLimit ([System.TimeSpan]::Zero) `
        -RestartCount 255 -RestartInterval ([System.TimeSpan]::FromMinutes(1))
    if (Test-Task) { Stop-ScheduledTask -TaskName $TaskName }
    $null = Register-ScheduledTask -TaskName $TaskName -Action $action -Trigger $trigger `
        -Principal $principal -Settings $settings -Force
    Start-ScheduledTask -TaskName $TaskName
    [System.Console]::Error.WriteLine("knockwatch agent: installed as the task '$TaskName' and started")
}

function Test-Task {
    return $null -ne (Get-ScheduledTask -TaskName $TaskName -ErrorAction SilentlyContinue)
}

function Uninstall-Task {
    if (Test-Task) {
        Stop-ScheduledTask -TaskName $TaskName
        Unregister-ScheduledTask -TaskName $TaskName -Confirm:$false
    }
    $folder = Get-Home
    if ((Test-Administrator) -and (Test-Path -LiteralPath $folder)) {
        foreach ($name in @('knockwatch-agent.ps1', 'token')) {
            Remove-Item -LiteralPath (Join-Path $folder $name) -Force -ErrorAction SilentlyContinue
        }
        Remove-Item -LiteralPath $folder -ErrorAction SilentlyContinue
    }
    $system = Join-Path $env:SystemRoot 'System32\config\systemprofile\AppData\Local'
    foreach ($own in @([System.Environment]::GetFolderPath('LocalApplicationData'), $system)) {
        Remove-Item -LiteralPath (Join-Path $own 'knockwatch') -Recurse -Force -ErrorAction SilentlyContinue
    }
    [System.Console]::Error.WriteLine('knockwatch agent: uninstalled')
}

# --- start ---------------------------------------------------------------------------------------

function Stop-Usage([string] $Text) {
    [System.Console]::Error.WriteLine("knockwatch agent: $Text")
    exit 2
}

if ($Uninstall) {
    Uninstall-Task
    exit 0
}
if (-not ($Print -and -not $Server) -and $Server -notmatch '^https?://[^/@\s?#"]+/?$') {
    Stop-Usage '-Server must look like http://192.168.1.10:10151'
}
if (-not $Device) { $Device = ([System.Net.Dns]::GetHostName() -split '\.')[0] }
if ($Device.Length -gt $MostText -or $Device -match '[\x00-\x1f\x7f"\\]') { Stop-Usage '-Device is no name' }
$Token = ''
if ($TokenFile) {
    $Token = ([System.IO.File]::ReadAllText((Resolve-Path -LiteralPath $TokenFile).ProviderPath)).Trim()
    if ($Token -notmatch '^[\x21-\x7e]+$') { Stop-Usage 'the token must be one line of printable ASCII' }
}
if ($PSVersionTable.PSVersion.Major -lt 6) {
    # .NET Framework of old Windows 10 still begins with what servers refuse.
    [System.Net.ServicePointManager]::SecurityProtocol =
        [System.Net.ServicePointManager]::SecurityProtocol -bor [System.Net.SecurityProtocolType]::Tls12
}
[System.Net.ServicePointManager]::Expect100Continue = $false
$MachineId = Get-MachineId

if ($Install) {
    Install-Task
    exit 0
}
if ($Print -or $Once) {
    $made = Get-Now
    $json = ConvertTo-Json -InputObject (Get-Report $made) -Depth 4 -Compress
    $body = Get-Body $json ((Get-Now) - $made)
    if ($Print) {
        $output = [System.Console]::OpenStandardOutput()
        $output.Write($body, 0, $body.Length)
        $output.WriteByte(10)
        $output.Flush()
        exit 0
    }
    $outcome, $why = Send-Body $body
    if ($outcome -eq 'taken') { exit 0 }
    Write-Complaint 'report not delivered' $why
    exit 1
}
Open-Spool
Start-Loop
