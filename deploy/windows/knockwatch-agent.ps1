#Requires -Version 5.1
<#
.SYNOPSIS
Tells knockwatch which program of this PC has which port. One file, nothing to install.

.DESCRIPTION
Looks at sockets every 1.5 seconds and posts a report to SERVER/api/v1/reports each interval, and
at once when a UDP socket or a listener came or went. A report holds ports, addresses, names and
numbers of programs, the services of service hosts, MACs and addresses of neighbours, gateway and
links, the Wi-Fi network's name and station, byte counters, the release of Windows and a hash of
the machine's id; no command lines, no user names. -Print shows every byte of it.

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
$KeptReports = 20      # while it is away; the newest ones
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
        age_seconds = 0.0
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

# --- sending it ----------------------------------------------------------------------------------

function Get-Body([System.Collections.Specialized.OrderedDictionary] $Report, [double] $Made) {
    $Report['age_seconds'] = [math]::Round((Get-Now) - $Made, 3)
    $json = ConvertTo-Json -InputObject $Report -Depth 4 -Compress
    return , [System.Text.Encoding]::UTF8.GetBytes($json)
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
    # Returns 'taken', 'later' or 'never', and why. Neither proxies nor redirects are followed: both
    # would show token and report to a third party, and the server is on our own network.
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
    $pending = New-Object 'System.Collections.Generic.Queue[object]'
    $due = -1e9
    $retry = -1e9
    $failures = 0
    $listening = ''
    while ($true) {
        $began = Get-Now
        try {
            $seen = Get-Listening
            if ($began -ge $due -or $seen -ne $listening) {
                $pending.Enqueue(@($began, (Get-Report $began)))
                if ($pending.Count -gt $KeptReports) { $null = $pending.Dequeue() }
                $listening = $seen
                $due = $began + $Interval
            }
        } catch {
            Write-Complaint 'the sockets of this PC cannot be read' ([string] $_.Exception.Message)
        }
        $took = (Get-Now) - $began
        while ($pending.Count -gt 0 -and (Get-Now) -ge $retry) {
            $made, $report = $pending.Peek()
            $outcome, $why = Send-Body (Get-Body $report $made)
            if ($outcome -eq 'later') {
                $failures += 1
                $pause = [math]::Min($LongestPause, [math]::Pow(2.0, [math]::Min($failures, 10)))
                $retry = (Get-Now) + $pause * (Get-Random -Minimum 0.5 -Maximum 1.0)
                Write-Complaint 'server away, the newest reports are kept' $why
                break
            }
            if ($outcome -eq 'never') { Write-Complaint 'report refused and dropped' $why }
            $failures = 0
            $null = $pending.Dequeue()
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
    $body = Get-Body (Get-Report $made) $made
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
Start-Loop
