using FaceGen.Http;

namespace FaceGen.Core.Tests.Http;

public sealed class ServiceAddressTests
{
    [Theory]
    [InlineData("https://modelslab.com", "https://modelslab.com/")]
    [InlineData("https://modelslab.com/", "https://modelslab.com/")]
    [InlineData("https://modelslab.com/api", "https://modelslab.com/")]
    [InlineData("https://modelslab.com/api/", "https://modelslab.com/")]
    [InlineData("https://modelslab.com/api/v6", "https://modelslab.com/")]
    [InlineData("https://modelslab.com/API/V6///", "https://modelslab.com/")]
    [InlineData("HTTPS://ModelsLab.com:443/api/v6/?a=b#c", "https://modelslab.com/")]
    [InlineData("https://proxy.example:8443/lab/api/v6", "https://proxy.example:8443/lab/")]
    [InlineData("https://proxy.example/lab", "https://proxy.example/lab/")]
    [InlineData("https://user:password@proxy.example/", "https://proxy.example/")]
    [InlineData("http://localhost:5000/api", "http://localhost:5000/")]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.1/")]
    [InlineData("http://[::1]:5000/api/v6", "http://[::1]:5000/")]
    public void Parse_address_returns_root(string given, string root)
    {
        var address = ServiceAddress.Parse(new Uri(given));

        Assert.Equal(root, address.Root.AbsoluteUri);
        Assert.Equal(root + "api/v6/image_editing/face_gen", address.Generate.AbsoluteUri);
        Assert.Equal(root + "api/v6/image_editing/fetch/77", address.Fetch("77").AbsoluteUri);
        Assert.Equal(root + "api/wallet_balance", address.WalletBalance.AbsoluteUri);
    }

    [Theory]
    [InlineData("http://modelslab.com")]
    [InlineData("http://192.168.1.7:5000")]
    [InlineData("http://localhost.example.org")]
    [InlineData("ftp://modelslab.com")]
    [InlineData("file:///etc/passwd")]
    [InlineData("modelslab.com")]
    [InlineData("/api")]
    public void Parse_unencrypted_address_is_rejected(string given)
    {
        var error = Assert.Throws<FaceGenException>(() => ServiceAddress.Parse(new Uri(given, UriKind.RelativeOrAbsolute)));

        Assert.Equal(ErrorCode.ConnectionInvalid, error.Code);
        Assert.True(error.EndsRun);
    }

    [Theory]
    [InlineData("a/b?c#d", "a%2Fb%3Fc%23d")]
    [InlineData("b7-c 1", "b7-c%201")]
    public void Fetch_id_is_one_segment(string id, string segment) => Assert.EndsWith(
        "/fetch/" + segment, ServiceAddress.Parse(ServiceAddress.Default).Fetch(id).AbsoluteUri, StringComparison.Ordinal);

    [Theory]
    [InlineData("https://modelslab.com/api/v6/image_editing/fetch/1", true)]
    [InlineData("https://MODELSLAB.com:443/x", true)]
    [InlineData("http://modelslab.com/x", false)]
    [InlineData("https://modelslab.com:444/x", false)]
    [InlineData("https://www.modelslab.com/x", false)]
    [InlineData("https://modelslab.com.evil.example/x", false)]
    [InlineData("https://modelslab.com@evil.example/x", false)]
    public void IsOwn_other_scheme_host_or_port_is_false(string address, bool isOwn) =>
        Assert.Equal(isOwn, ServiceAddress.Parse(ServiceAddress.Default).IsOwn(new Uri(address)));

    [Theory]
    [InlineData("https://modelslab.com", true)]
    [InlineData("https://modelslab.com/api/v6", true)]
    [InlineData("https://modelslab.com/api/v1/enterprise", false)]
    [InlineData("https://modelslab.com/API/v1/Enterprise/", true)]
    public void Enterprise_account_uses_enterprise_addresses(string given, bool isEnterprise)
    {
        var address = ServiceAddress.Parse(new Uri(given), isEnterprise);

        Assert.Equal("https://modelslab.com/", address.Root.AbsoluteUri);
        Assert.True(address.IsEnterprise);
        Assert.Equal("https://modelslab.com/api/v1/enterprise", address.AccountScope.AbsoluteUri);
        Assert.Equal("https://modelslab.com/api/v1/enterprise/image_editing/face_gen", address.Generate.AbsoluteUri);
        Assert.Equal("https://modelslab.com/api/v1/enterprise/image_editing/fetch/7", address.Fetch("7").AbsoluteUri);
        Assert.Equal("https://modelslab.com/api/wallet_balance", address.WalletBalance.AbsoluteUri);
        Assert.Equal("https://modelslab.com/api/v6/processing/request_count", address.RequestCount.AbsoluteUri);
        Assert.Equal("https://modelslab.com/api/v3/delete_image", address.DeleteImage.AbsoluteUri);
    }
}
