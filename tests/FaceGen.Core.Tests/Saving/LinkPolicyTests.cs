using FaceGen.Core.Tests.Support;
using FaceGen.Saving;

namespace FaceGen.Core.Tests.Saving;

public sealed class LinkPolicyTests
{
    [Theory]
    [InlineData("https://cdn.example/1.png")]
    [InlineData("https://cdn.example:8443/1.png?x=y")]
    [InlineData("https://8.8.8.8/1.png")]
    [InlineData("https://172.32.0.1/1.png")]
    [InlineData("https://[2001:db8::1]/1.png")]
    [InlineData("https://[64:ff9b::8.8.8.8]/1.png")]
    [InlineData("https://nowhere.example/1.png")]
    public async Task Link_to_public_address_is_followed(string link) => Assert.Null(await RefusalAsync("https://service.example", link));

    [Theory]
    [InlineData("http://cdn.example/1.png")]
    [InlineData("ftp://cdn.example/1.png")]
    [InlineData("file:///etc/passwd")]
    [InlineData("https://user:password@cdn.example/1.png")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://localhost/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://169.254.169.254/latest/meta-data")]
    [InlineData("https://172.16.0.1/")]
    [InlineData("https://172.31.255.255/")]
    [InlineData("https://192.168.0.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f.1/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[fd00::1]/")]
    [InlineData("https://[::ffff:10.0.0.1]/")]
    [InlineData("https://[::10.0.0.1]/")]
    [InlineData("https://[64:ff9b::10.0.0.1]/")]
    [InlineData("https://[64:ff9b:1::1]/")]
    [InlineData("https://[2002:a00:1::]/")]
    [InlineData("https://[2001::1]/")]
    [InlineData("https://[ff02::1]/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://255.255.255.255/")]
    [InlineData("https://198.18.0.1/")]
    [InlineData("https://\uFF11\uFF12\uFF17.0.0.1/")]
    [InlineData("https://127\u30020\u30020\u30021/")]
    [InlineData("https://\u24DBocalhost/")]
    [InlineData("https://a.LOCALHOST./")]
    [InlineData("https://inside.example/")]
    public async Task Link_to_private_network_or_unencrypted_is_refused(string link) =>
        Assert.StartsWith("FaceGen does not follow", await RefusalAsync("https://service.example", link), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://localhost:5000", "http://localhost:5000/images/1.png")]
    [InlineData("http://127.0.0.1:5000", "http://127.0.0.1:5001/images/1.png")]
    [InlineData("https://inside.example", "https://10.0.0.7/1.png")]
    public async Task Link_to_private_network_of_connection_is_followed(string root, string link) => Assert.Null(await RefusalAsync(root, link));

    private static async Task<string?> RefusalAsync(string root, string link)
    {
        using var service = new FakeService(root: new Uri(root));
        service.Hosts["inside.example"] = "10.0.0.8";
        return await LinkPolicy.GetRefusalAsync(service.Connection, new Uri(link), default).WithTimeoutAsync();
    }
}
